#include "intake/freedesktop_source.hpp"

#include "http/url.hpp"
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
namespace freedesktop = patchwork::freedesktop;
namespace {

constexpr int most_revision_refusals = 3;

// Who looks at series reads it in the event log.
void tell(store::Database& database, std::string_view kind, const std::string& message_id) {
  store::append_event(database, SystemClock().now(), kind, std::nullopt, std::nullopt,
                      boost::json::serialize(boost::json::object{{"msgid", message_id}}));
}

bool has(const std::vector<std::int64_t>& patches, std::int64_t patch) {
  return std::ranges::find(patches, patch) != patches.end();
}

}  // namespace

std::string revision_name(std::int64_t series, int version) {
  return fmt::format("revision/{}/{}", series, version);
}

std::string cover_name(std::int64_t series, int version) {
  return fmt::format("cover/{}/{}", series, version);
}

std::string patch_name(std::int64_t patch) {
  return fmt::format("patch/{}", patch);
}

FreedesktopSource::FreedesktopSource(FreedesktopPlace& place, std::vector<FreedesktopStep> steps,
                                     FreedesktopPosition position)
    : m_place(place), m_steps(std::move(steps)), m_position(std::move(position)) {}

std::string FreedesktopSource::name() const {
  return fmt::format("{}project/{}/", m_place.instance.name(), m_place.project.link_name);
}

Result<FreedesktopPatch> FreedesktopSource::patch(std::int64_t id, int& status) {
  PM_TRY_ASSIGN(const auto mbox,
                m_place.instance.get(fmt::format("patches/{}/mbox/", id)).text(&status));
  auto read = read_patch(mbox, id);
  if (!read) {
    return fail(ErrorKind::limit, fmt::format("the mbox of patch {} has no mail in it", id));
  }
  return *std::move(read);
}

Result<std::vector<FreedesktopPatch>> FreedesktopSource::patches_of(const RevisionPlan& plan,
                                                                    const std::string& mbox,
                                                                    int& status) {
  if (auto all = split_revision(mbox, plan.patches)) {
    return *std::move(all);
  }
  std::vector<FreedesktopPatch> all;
  for (const auto id : plan.patches) {
    PM_TRY_ASSIGN(auto one, patch(id, status));
    all.push_back(std::move(one));
  }
  return all;
}

// References are not told. In a whole revision all answer its cover letter, or the first patch; one
// that replaces another answers that one.
Result<std::string> FreedesktopSource::parent_of(const RevisionPlan& plan,
                                                 const std::vector<FreedesktopPatch>& patches,
                                                 std::size_t at, int& status) {
  if (plan.before.empty()) {
    return !plan.root.empty() ? plan.root : at > 0 ? patches.front().message_id : std::string();
  }
  if (at < plan.before.size() && !has(plan.patches, plan.before[at])) {
    PM_TRY_ASSIGN(const auto replaced, patch(plan.before[at], status));
    return replaced.message_id;
  }
  const auto kept = std::ranges::find_if(
      patches, [&](const FreedesktopPatch& one) { return has(plan.before, one.id); });
  return kept != patches.end() ? kept->message_id : std::string();
}

Result<std::string> FreedesktopSource::state_of(std::int64_t patch, int& status) {
  PM_TRY_ASSIGN(
      const auto answer,
      m_place.instance.get(fmt::format("patches/{}/?related=expand", patch)).wait(&status));
  return freedesktop::state_of_patch(answer.value);
}

Result<void> FreedesktopSource::fetch(const RevisionPlan& plan, int& status) {
  if (plan.trouble) {
    status = 500;
    return tl::unexpected(*plan.trouble);
  }
  if (plan.fresh.empty() && plan.cover.empty()) {
    return {};
  }
  auto asked = m_place.instance.get(fmt::format("series/{}/", plan.series));
  auto asked_mbox =
      m_place.instance.get(fmt::format("series/{}/revisions/{}/mbox/", plan.series, plan.version));
  PM_TRY_ASSIGN(const auto answer, asked.wait(&status));
  PM_TRY_ASSIGN(const auto series, freedesktop::read_series(answer.value));
  PM_TRY_ASSIGN(const auto mbox, asked_mbox.text(&status));
  PM_TRY_ASSIGN(const auto patches, patches_of(plan, mbox, status));
  std::deque<Ready> ready;
  if (!plan.cover.empty()) {
    ready.push_back({cover_mail(patches.front(), plan.root, series.name, plan.cover, patches.size(),
                                m_place.project.list_id),
                     cover_name(plan.series, plan.origin),
                     {}});
  }
  for (std::size_t i = 0; i < patches.size(); ++i) {
    const auto& one = patches[i];
    if (!plan.fresh.contains(one.id)) {
      continue;
    }
    PM_TRY_ASSIGN(const auto parent, parent_of(plan, patches, i, status));
    auto state = series.state;
    if (state.empty()) {
      PM_TRY_ASSIGN(state, state_of(one.id, status));
    }
    ready.push_back({patch_mail(one, parent, m_place.project.list_id), patch_name(one.id),
                     patchwork::KnownPatch{m_place.instance.name(), one.id, m_place.wanted,
                                           one.message_id, plan.series, state, one.delegate}});
  }
  m_ready = std::move(ready);
  return {};
}

void FreedesktopSource::pass(const FreedesktopStep& step, bool had) {
  if (step.revision && had) {
    const auto& plan = *step.revision;
    m_names.push_back(revision_name(plan.series, plan.version));
    m_revisions.push_back({m_place.instance.name(), plan.series, plan.version, plan.anchor});
    if (plan.again) {
      m_again.push_back(plan.anchor);
    }
    m_place.refusals.erase(m_names.back());
    std::erase(m_position.missed, std::pair(plan.series, plan.version));
  }
  if (step.event) {
    m_position.since = step.event->time;
    if (step.event->patch > 0 && !step.event->state.empty()) {
      m_changes.push_back(*step.event);
    }
  }
  ++m_at;
  m_fetched = false;
}

Result<void> FreedesktopSource::not_had(const RevisionPlan& plan, const Error& error, int status) {
  const auto name = revision_name(plan.series, plan.version);
  const std::pair missed(plan.series, plan.version);
  // Django's page about a fault, or an answer nobody can read: of this revision only.
  const bool only_this = status == 500 || (status >= 200 && status < 300) ||
                         error.kind == ErrorKind::limit || error.kind == ErrorKind::not_found;
  if (!only_this) {
    return tl::unexpected(error);
  }
  std::erase(m_position.missed, missed);
  if (error.kind == ErrorKind::not_found) {
    // Joined with another series, which has an event of its own; or removed.
    log::info("{}: {} is not there any more", this->name(), name);
    m_place.refusals.erase(name);
    m_names.push_back(name);
  } else if (++m_place.refusals[name] < most_revision_refusals &&
             m_position.missed.size() < k_most_missed_revisions) {
    m_position.missed.push_back(missed);
    m_left_out.push_back(error);
  } else {
    log::warning("{}: {} is left out after {} attempts: {}", this->name(), name,
                 most_revision_refusals, error.message);
    m_place.refusals.erase(name);
    m_names.push_back(name);
    m_left_out.push_back(error);
  }
  pass(m_steps[m_at], false);
  return {};
}

Result<std::optional<std::string>> FreedesktopSource::next() {
  while (m_at < m_steps.size()) {
    const FreedesktopStep& step = m_steps[m_at];
    if (step.revision && !m_fetched) {
      int status = 0;
      if (const auto had = fetch(*step.revision, status); !had) {
        PM_TRY(not_had(*step.revision, had.error(), status));
        continue;
      }
      m_fetched = true;
    }
    if (m_ready.empty()) {
      pass(step, true);
      continue;
    }
    Ready ready = std::move(m_ready.front());
    m_ready.pop_front();
    m_names.push_back(std::move(ready.name));
    if (ready.patch) {
      m_patches.push_back(*std::move(ready.patch));
    }
    if (m_ready.empty()) {
      pass(step, true);  // a checkpoint may follow this mail
    }
    return std::optional(std::move(ready.mail));
  }
  return std::optional<std::string>();
}

std::function<void(store::Database&)> FreedesktopSource::checkpoint() {
  return [key = m_place.key, names = std::exchange(m_names, {}),
          patches = std::exchange(m_patches, {}), revisions = std::exchange(m_revisions, {}),
          again = std::exchange(m_again, {}), changes = std::exchange(m_changes, {}),
          instance = m_place.instance.name(),
          cursor = to_text(m_position)](store::Database& database) {
    store::add_read_names(database, key, names);
    patchwork::remember_patches(database, patches);
    for (const auto& revision : revisions) {
      patchwork::remember_revision(database, revision);
    }
    for (const auto& change : changes) {
      const auto patch = patchwork::find_patch(database, instance, change.patch);
      if (patch && patchwork::set_state(database, instance, change.patch, change.state)) {
        tell(database, "patchwork-patch-changed", patch->message_id);
      }
    }
    for (const auto anchor : again) {
      if (const auto patch = patchwork::find_patch(database, instance, anchor)) {
        tell(database, "patchwork-retest", patch->message_id);
      }
    }
    store::set_cursor(database, key, cursor);
  };
}

std::vector<Error> FreedesktopSource::take_left_out() {
  return std::exchange(m_left_out, {});
}

}  // namespace patchmill::intake
