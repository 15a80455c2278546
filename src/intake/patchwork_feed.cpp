#include "intake/patchwork_feed.hpp"

#include "intake/patchwork_source.hpp"
#include "patchwork/listing.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace patchmill::intake {
namespace {

using patchwork::MailKind;
using patchwork::MailRef;

// In so many looks patches and covers are looked for once by number too.
constexpr unsigned looks_a_round = 10;
// After so many looks it is tried again whether there are events. After a fault inside of the
// server: at once, then after 2, 4, 8 … looks, up to so many.
constexpr unsigned looks_without_events = 60;
constexpr std::size_t series_ahead = 4;

class PatchworkFeed final : public Feed {
 public:
  PatchworkFeed(std::shared_ptr<patchwork::Instance> instance, std::string project,
                PatchworkFeedOptions options)
      : m_instance(std::move(instance)), m_wanted(std::move(project)), m_options(options) {}

  std::string place() const override {
    return fmt::format("{}project/{}/", m_instance->name(), escape_terminal(m_wanted));
  }
  Result<std::vector<std::unique_ptr<Source>>> open(Positions& positions, Waiter& waiter) override;
  Result<void> wait(Waiter& waiter) override {
    if (!m_more) {
      waiter.wait(m_options.interval);
    }
    return {};
  }
  void left_out(const Source&, std::vector<Error> errors) override {
    if (!errors.empty()) {
      m_complaint = std::move(errors.front().message);
    }
  }
  std::string complaint() const override {
    return m_complaint.empty()
               ? std::string()
               : fmt::format("{}: not every patch can be had ({}); it is tried again", place(),
                             m_complaint);
  }
  void reset() override {
    m_instance->forget();
    m_place.reset();
  }

 private:
  Result<void> find_project();
  Result<patchwork::Position> position(Positions& positions, patchwork::Listing& listing);
  Result<void> look_at_events(Positions& positions, patchwork::Listing& listing,
                              patchwork::Position& position);
  Result<void> look_by_number(Positions& positions, patchwork::Listing& listing, MailKind kind,
                              const patchwork::Position& position);
  Result<void> read_completed(Positions& positions, const std::vector<patchwork::Event>& events);
  std::vector<std::string> unknown(Positions& positions, const std::vector<std::string>& names);
  void want(Positions& positions, const MailRef& mail);
  [[nodiscard]] bool by_events() const { return m_look >= m_events_again; }
  void without_events(const patchwork::Listing& listing, const Error& error);

  std::shared_ptr<patchwork::Instance> m_instance;
  std::string m_wanted;
  PatchworkFeedOptions m_options;
  std::map<std::string, int> m_refusals;
  std::optional<PatchworkPlace> m_place;
  unsigned m_look = 0;
  unsigned m_events_again = 0;  // the look at which events are asked for again
  unsigned m_events_wait = 0;   // so many looks later than the last time; 0: there were events
  bool m_more = false;
  std::string m_complaint;
  // Of one look.
  std::vector<PatchworkStep> m_steps;
  std::set<std::string> m_planned;
  std::map<std::int64_t, patchwork::Series> m_completed;
};

Result<void> PatchworkFeed::find_project() {
  if (m_place) {
    return {};
  }
  PM_TRY(m_instance->discover());
  auto project = m_instance->project(m_wanted);
  if (!project) {
    // A name that is wrong does not become right soon.
    const auto& error = project.error();
    return fail(error.kind == ErrorKind::not_found ? ErrorKind::invalid : error.kind,
                error.message);
  }
  auto key = fmt::format("patchwork:{}#{}", m_instance->name(), project->id);
  m_place.emplace(
      PatchworkPlace{*m_instance, std::move(*project), m_wanted, std::move(key), m_refusals});
  return {};
}

void PatchworkFeed::without_events(const patchwork::Listing& listing, const Error& error) {
  if (m_events_wait == 0) {
    log::info("{}: no events ({}); asking for new patches instead", place(), error.message);
  }
  m_events_wait = listing.may_pass() ? std::clamp(m_events_wait * 2, 1U, looks_without_events)
                                     : looks_without_events;
  m_events_again = m_look + m_events_wait;
}

std::vector<std::string> PatchworkFeed::unknown(Positions& positions,
                                                const std::vector<std::string>& names) {
  return names.empty() ? names : positions.unread(m_place->key, names);
}

void PatchworkFeed::want(Positions& positions, const MailRef& mail) {
  const auto name = patchwork::name_of(mail);
  if (!m_planned.contains(name) && !unknown(positions, {name}).empty()) {
    m_planned.insert(name);
    m_steps.push_back({mail, {}, name});
  }
}

// Where the last look got to, or where to begin.
Result<patchwork::Position> PatchworkFeed::position(Positions& positions,
                                                    patchwork::Listing& listing) {
  patchwork::Position position;
  if (const auto cursor = positions.cursor(m_place->key)) {
    position = patchwork::position_from(*cursor).value_or(position);
  }
  if (by_events() && position.date.empty()) {
    const auto anchor = listing.anchor(m_options.backlog_days);
    if (anchor) {
      position.date = *anchor;
      m_events_wait = 0;
    } else if (anchor.error().kind == ErrorKind::not_found) {
      without_events(listing, anchor.error());
    } else {
      return tl::unexpected(anchor.error());
    }
  }
  const unsigned days = by_events() ? 0 : m_options.backlog_days;
  if (!position.patches_above) {
    PM_TRY_ASSIGN(position.patches_above, listing.floor(MailKind::patch, days));
  }
  if (!position.covers_above) {
    PM_TRY_ASSIGN(position.covers_above, listing.floor(MailKind::cover, days));
  }
  return position;
}

// Each series once: what of it was there before we began to look is not told by events.
Result<void> PatchworkFeed::read_completed(Positions& positions,
                                           const std::vector<patchwork::Event>& events) {
  std::vector<std::string> names;
  std::map<std::string, std::int64_t> ids;
  for (const auto& event : events) {
    if (event.category == "series-completed" && event.series &&
        ids.emplace(fmt::format("series/{}", *event.series), *event.series).second) {
      names.push_back(fmt::format("series/{}", *event.series));
    }
  }
  const auto fresh = unknown(positions, names);
  std::deque<patchwork::Pending> asked;
  for (std::size_t at = 0, to_ask = 0; at < fresh.size(); ++at) {
    for (; to_ask < fresh.size() && asked.size() < series_ahead; ++to_ask) {
      asked.push_back(m_instance->get(fresh[to_ask] + '/'));
    }
    int status = 0;
    const auto answer = asked.front().wait(&status);
    asked.pop_front();
    if (answer) {
      if (auto series = patchwork::read_series(answer->value)) {
        m_completed.emplace(ids.at(fresh[at]), std::move(*series));
      }
    } else if (status != 404 && status != 410 && status != 500 && status != 200) {
      return tl::unexpected(answer.error());
    }
  }
  return {};
}

Result<void> PatchworkFeed::look_at_events(Positions& positions, patchwork::Listing& listing,
                                           patchwork::Position& position) {
  auto news = listing.events(position);
  if (!news && news.error().kind == ErrorKind::not_found) {
    without_events(listing, news.error());
    return {};
  }
  PM_TRY(news);
  m_events_wait = 0;
  if (news->gone) {
    // What was seen is never removed, but with the project or the database.
    PM_TRY(listing.still_there());
    log::warning("{}: the events are gone; beginning anew with the newest", place());
    position.date.clear();
    position.events.clear();
    return {};
  }
  PM_TRY(read_completed(positions, news->events));
  m_more = news->more;
  for (auto& event : news->events) {
    const bool is_new_mail = event.category == "patch-created" || event.category == "cover-created";
    if (is_new_mail && event.mail) {
      want(positions, *event.mail);
    }
    std::string name;
    if (const auto found = event.series ? m_completed.find(*event.series) : m_completed.end();
        found != m_completed.end() && event.category == "series-completed") {
      for (const auto& mail : found->second.mails) {
        want(positions, mail);
      }
      name = fmt::format("series/{}", *event.series);
    }
    m_steps.push_back({{}, std::move(event), std::move(name)});
  }
  return {};
}

Result<void> PatchworkFeed::look_by_number(Positions& positions, patchwork::Listing& listing,
                                           MailKind kind, const patchwork::Position& position) {
  const auto above = kind == MailKind::patch ? position.patches_above : position.covers_above;
  PM_TRY_ASSIGN(const auto found,
                listing.newer(kind, above.value_or(0), [&](const std::vector<std::string>& names) {
                  return unknown(positions, names);
                }));
  for (const auto& mail : found) {
    want(positions, mail);
  }
  return {};
}

Result<std::vector<std::unique_ptr<Source>>> PatchworkFeed::open(Positions& positions, Waiter&) {
  m_more = false;
  m_steps.clear();
  m_planned.clear();
  m_completed.clear();
  PM_TRY(find_project());
  patchwork::Listing listing(*m_instance, m_place->project);
  const bool by_events_first = by_events();
  const auto before = positions.cursor(m_place->key);
  PM_TRY_ASSIGN(auto position, this->position(positions, listing));
  for (const auto& mail : position.missed) {
    want(positions, mail);
  }
  if (by_events() && !position.date.empty()) {
    PM_TRY(look_at_events(positions, listing, position));
  }
  // Never more than two requests as long as nothing happens.
  const bool only_by_number = !by_events();
  const bool covers_wait = only_by_number && by_events_first && m_look > 0;
  const unsigned turn = m_look++ % looks_a_round;
  for (const auto kind : {MailKind::patch, MailKind::cover}) {
    const bool is_due = only_by_number ? kind == MailKind::patch || !covers_wait
                                       : turn == (kind == MailKind::patch ? 1U : 2U);
    if (is_due) {
      PM_TRY(look_by_number(positions, listing, kind, position));
    }
  }
  if (position.missed.empty()) {
    m_complaint.clear();
  }
  std::vector<std::unique_ptr<Source>> sources;
  if (!m_steps.empty() || before != patchwork::to_text(position)) {
    sources.push_back(
        std::make_unique<PatchworkSource>(*m_place, std::move(m_steps), std::move(position)));
  }
  return sources;
}

}  // namespace

std::unique_ptr<Feed> follow_patchwork(std::shared_ptr<patchwork::Instance> instance,
                                       std::string project, PatchworkFeedOptions options) {
  return std::make_unique<PatchworkFeed>(std::move(instance), std::move(project), options);
}

}  // namespace patchmill::intake
