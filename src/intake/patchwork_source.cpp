#include "intake/patchwork_source.hpp"

#include "patchwork/listing.hpp"
#include "patchwork/rebuilt_mail.hpp"
#include "patchwork/state_store.hpp"
#include "store/cursors.hpp"
#include "store/event_log.hpp"
#include "util/clock.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace patchmill::intake {
namespace {

// Under way at the same time: the way there and back is paid less often.
constexpr std::size_t mails_ahead = 4;
constexpr int most_mail_refusals = 3;

// Who looks at series reads it in the event log: another state may select them.
void note_change(store::Database& database, const std::string& instance,
                 const patchwork::Event& event) {
  const auto& patch = *event.mail;
  bool changed = false;
  // Of our own ones the last is known already; this may be an earlier one.
  if (event.state && !patchwork::heard_of_state(database, instance, patch.id, *event.state)) {
    changed = patchwork::set_state(database, instance, patch.id, *event.state);
  }
  if (event.delegate) {
    changed = patchwork::set_delegate(database, instance, patch.id, *event.delegate) || changed;
  }
  if (changed) {
    store::append_event(database, SystemClock().now(), "patchwork-patch-changed", std::nullopt,
                        std::nullopt,
                        boost::json::serialize(boost::json::object{{"msgid", patch.message_id}}));
  }
}

}  // namespace

PatchworkSource::PatchworkSource(PatchworkPlace& place, std::vector<PatchworkStep> steps,
                                 patchwork::Position position)
    : m_place(place), m_steps(std::move(steps)), m_position(std::move(position)) {}

std::string PatchworkSource::name() const {
  return fmt::format("{}project/{}/", m_place.instance.name(), m_place.project.link_name);
}

void PatchworkSource::ask_more() {
  for (; m_to_ask < m_steps.size() && m_asked.size() < mails_ahead; ++m_to_ask) {
    if (const auto& mail = m_steps[m_to_ask].mail) {
      m_asked.push_back(
          m_place.instance.get(fmt::format("{}{}/", patchwork::path_of(mail->kind), mail->id)));
    }
  }
}

void PatchworkSource::pass(const PatchworkStep& step) {
  if (!step.name.empty()) {
    m_names.push_back(step.name);
  }
  if (step.event) {
    m_position.done_with(*step.event);
    if (step.event->mail && (step.event->state || step.event->delegate)) {
      m_changes.push_back(*step.event);
    }
  }
  ++m_at;
}

void PatchworkSource::forget_missed(const patchwork::MailRef& mail) {
  std::erase_if(m_position.missed, [&](const auto& missed) {
    return missed.kind == mail.kind && missed.id == mail.id;
  });
}

std::string PatchworkSource::take(const PatchworkStep& step, const patchwork::MailDetail& detail) {
  const auto& mail = *step.mail;
  forget_missed(mail);
  m_place.refusals.erase(step.name);
  if (mail.kind == patchwork::MailKind::patch) {
    m_patches.push_back({m_place.instance.name(), mail.id, m_place.wanted, detail.ref.message_id,
                         detail.series.empty() ? 0 : detail.series.front(), detail.state,
                         detail.delegate});
  }
  pass(step);
  return patchwork::rebuild_mail(detail, m_place.project.list_id);
}

Result<void> PatchworkSource::not_had(const PatchworkStep& step, const Error& error, int status) {
  const auto& mail = *step.mail;
  if (error.kind == ErrorKind::not_found) {
    log::info("{}: {} {} is not there any more", name(), to_string(mail.kind), mail.id);
    forget_missed(mail);
    pass(step);
    return {};
  }
  // Django's page about a fault, or an answer nobody can read: of this mail only.
  const bool only_this =
      status == 500 || (status >= 200 && status < 300) || error.kind == ErrorKind::limit;
  if (!only_this) {
    return tl::unexpected(error);
  }
  forget_missed(mail);
  PatchworkStep passed = step;
  if (++m_place.refusals[step.name] < most_mail_refusals &&
      m_position.missed.size() < patchwork::k_most_missed) {
    m_position.missed.push_back(mail);
    passed.name.clear();
  } else {
    log::warning("{}: {} {} is left out after {} attempts: {}", name(), to_string(mail.kind),
                 mail.id, most_mail_refusals, error.message);
    m_place.refusals.erase(step.name);
  }
  m_left_out.push_back(error);
  pass(passed);
  return {};
}

Result<std::optional<std::string>> PatchworkSource::next() {
  while (m_at < m_steps.size()) {
    ask_more();
    const PatchworkStep& step = m_steps[m_at];
    if (!step.mail) {
      pass(step);
      continue;
    }
    int status = 0;
    auto answer = m_asked.front().wait(&status);
    m_asked.pop_front();
    auto detail = answer ? patchwork::read_mail_detail(answer->value, step.mail->kind)
                         : Result<patchwork::MailDetail>(tl::unexpected(answer.error()));
    if (detail && detail->ref.id != step.mail->id) {
      detail = fail(ErrorKind::infrastructure,
                    fmt::format("asked for {}, Patchwork gives {}", step.mail->id, detail->ref.id));
    }
    if (detail) {
      return std::optional(take(step, *detail));
    }
    PM_TRY(not_had(step, detail.error(), status));
  }
  return std::optional<std::string>();
}

std::function<void(store::Database&)> PatchworkSource::checkpoint() {
  return [key = m_place.key, names = std::exchange(m_names, {}),
          patches = std::exchange(m_patches, {}), changes = std::exchange(m_changes, {}),
          instance = m_place.instance.name(),
          cursor = patchwork::to_text(m_position)](store::Database& database) {
    store::add_read_names(database, key, names);
    patchwork::remember_patches(database, patches);
    for (const auto& change : changes) {
      note_change(database, instance, change);
    }
    store::set_cursor(database, key, cursor);
  };
}

std::vector<Error> PatchworkSource::take_left_out() {
  return std::exchange(m_left_out, {});
}

}  // namespace patchmill::intake
