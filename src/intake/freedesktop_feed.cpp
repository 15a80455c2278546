#include "intake/freedesktop_feed.hpp"

#include "http/target.hpp"
#include "http/url.hpp"
#include "intake/freedesktop_source.hpp"
#include "patchwork/position.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace patchmill::intake {
namespace freedesktop = patchwork::freedesktop;
namespace {

// In so many looks the newest revisions are compared once, and the project is asked for once.
constexpr unsigned looks_a_revision = 10;
constexpr std::size_t events_a_look = 200;
constexpr int most_pages = 20;
constexpr std::size_t revisions_ahead = 4;
constexpr std::string_view k_new_revision = "series-new-revision";

bool is_revision(const freedesktop::Event& event) {
  return event.name == k_new_revision && event.series > 0 && event.version > 0;
}

using Revisions = std::map<int, freedesktop::Revision>;

class FreedesktopFeed final : public Feed {
 public:
  FreedesktopFeed(std::shared_ptr<patchwork::Instance> instance, std::string project,
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
               : fmt::format("{}: not every series can be had ({}); it is tried again", place(),
                             m_complaint);
  }
  void reset() override {
    m_instance->forget();
    m_place.reset();
  }

 private:
  Result<void> find_project();
  Result<FreedesktopPosition> position(Positions& positions);
  Result<std::vector<freedesktop::Event>> page_of_events(std::string& page);
  Result<std::vector<freedesktop::Event>> events_since(const std::string& since);
  Result<std::vector<freedesktop::Event>> newest_revisions(Positions& positions,
                                                           const FreedesktopPosition& position,
                                                           const std::string& until);
  Result<Revisions> revisions_of(patchwork::Pending asked, int& status);
  Result<void> read_revisions(const std::set<std::int64_t>& series);
  Result<void> plan_all(Positions& positions, const FreedesktopPosition& position,
                        const std::vector<freedesktop::Event>& events,
                        const std::vector<freedesktop::Event>& passed_over);
  void plan(Positions& positions, std::int64_t series, int version,
            std::optional<freedesktop::Event> event);
  void plan_series(Positions& positions, std::int64_t series, const Revisions& all, int version,
                   std::optional<freedesktop::Event> event);
  bool is_new(Positions& positions, const std::string& name) {
    return !m_planned.contains(name) &&
           !positions.unread(m_place->key, std::span(&name, 1)).empty();
  }

  std::shared_ptr<patchwork::Instance> m_instance;
  std::string m_wanted;
  PatchworkFeedOptions m_options;
  std::map<std::string, int> m_refusals;
  std::optional<FreedesktopPlace> m_place;
  unsigned m_look = 0;
  bool m_more = false;
  std::string m_complaint;
  // Of one look.
  std::vector<FreedesktopStep> m_steps;
  std::set<std::string> m_planned;
  std::map<std::int64_t, Result<Revisions>> m_revisions;
};

Result<void> FreedesktopFeed::find_project() {
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
      FreedesktopPlace{*m_instance, std::move(*project), m_wanted, std::move(key), m_refusals});
  return {};
}

// `page` becomes the next one.
Result<std::vector<freedesktop::Event>> FreedesktopFeed::page_of_events(std::string& page) {
  PM_TRY_ASSIGN(auto answer, m_instance->get(page).wait());
  const auto* list = answer.list();
  if (list == nullptr) {
    return fail(ErrorKind::infrastructure,
                fmt::format("{}: no list", escape_terminal(ellipsize(answer.address, 300))));
  }
  std::vector<freedesktop::Event> events;
  for (const auto& one : *list) {
    if (auto event = freedesktop::read_event(one)) {
      events.push_back(std::move(*event));
    } else {
      log::warning("{}: {}; it is left out", place(), event.error().message);
    }
  }
  page = std::move(answer.next);
  return events;
}

Result<FreedesktopPosition> FreedesktopFeed::position(Positions& positions) {
  if (const auto cursor = positions.cursor(m_place->key)) {
    if (auto position = freedesktop_position_from(*cursor)) {
      return *std::move(position);
    }
  }
  auto page = fmt::format("projects/{}/events/?ordering=-event_time&perpage=1&name={}",
                          m_place->project.id, k_new_revision);
  PM_TRY_ASSIGN(const auto newest, page_of_events(page));
  FreedesktopPosition position;
  if (!newest.empty()) {
    const auto& time = newest.front().time;
    position.since = patchwork::days_before(time, m_options.backlog_days).value_or(time);
    position.begin = position.since;
  }
  return position;
}

// Oldest first.
Result<std::vector<freedesktop::Event>> FreedesktopFeed::events_since(const std::string& since) {
  auto page = fmt::format("projects/{}/events/?ordering=event_time&perpage=100&name={},{}",
                          m_place->project.id, k_new_revision, "patch-state-change");
  page += since.empty() ? std::string() : "&since=" + http::percent_encode(since);
  std::vector<freedesktop::Event> events;
  for (int i = 0; i < most_pages && !page.empty() && events.size() < events_a_look; ++i) {
    PM_TRY_ASSIGN(auto more, page_of_events(page));
    std::ranges::move(more, std::back_inserter(events));
  }
  m_more = !page.empty();
  // Whoever asks for what is later than one of them does not get the others of its moment.
  if (m_more && !events.empty() && events.front().time != events.back().time) {
    const auto last = events.back().time;
    std::erase_if(events, [&](const auto& event) { return event.time == last; });
  }
  return events;
}

// Those that were passed over: told later than their time, by a clock that went back, or at the
// same moment as another one.
Result<std::vector<freedesktop::Event>> FreedesktopFeed::newest_revisions(
    Positions& positions, const FreedesktopPosition& position, const std::string& until) {
  auto page = fmt::format("projects/{}/events/?ordering=-event_time&perpage=100&name={}",
                          m_place->project.id, k_new_revision);
  PM_TRY_ASSIGN(auto events, page_of_events(page));
  std::ranges::reverse(events);
  std::erase_if(events, [&](const auto& event) {
    return !is_revision(event) || event.time < position.begin || event.time > until ||
           !is_new(positions, revision_name(event.series, event.version));
  });
  return events;
}

// In the order of their versions, which is the only one that every server gives without fault.
Result<Revisions> FreedesktopFeed::revisions_of(patchwork::Pending asked, int& status) {
  Revisions revisions;
  for (int i = 0; i < most_pages; ++i) {
    PM_TRY_ASSIGN(const auto answer, asked.wait(&status));
    const auto* list = answer.list();
    if (list == nullptr) {
      return fail(ErrorKind::infrastructure,
                  fmt::format("{}: no list", escape_terminal(ellipsize(answer.address, 300))));
    }
    for (const auto& one : *list) {
      if (auto revision = freedesktop::read_revision(one)) {
        const int version = revision->version;
        revisions.emplace(version, std::move(*revision));
      }
    }
    if (answer.next.empty()) {
      break;
    }
    asked = m_instance->get(answer.next);
  }
  return revisions;
}

// All revisions of each: what a revision changes is seen only beside the one before.
Result<void> FreedesktopFeed::read_revisions(const std::set<std::int64_t>& series) {
  const std::vector<std::int64_t> ids(series.begin(), series.end());
  std::deque<patchwork::Pending> asked;
  for (std::size_t at = 0, to_ask = 0; at < ids.size(); ++at) {
    for (; to_ask < ids.size() && asked.size() < revisions_ahead; ++to_ask) {
      asked.push_back(
          m_instance->get(fmt::format("series/{}/revisions/?perpage=100", ids[to_ask])));
    }
    int status = 0;
    auto revisions = revisions_of(std::move(asked.front()), status);
    asked.pop_front();
    // Of this series only: as FreedesktopSource sees it.
    const bool only_this = revisions || status == 500 || (status >= 200 && status < 300) ||
                           revisions.error().kind == ErrorKind::limit ||
                           revisions.error().kind == ErrorKind::not_found;
    if (!only_this) {
      return tl::unexpected(revisions.error());
    }
    m_revisions.emplace(ids[at], std::move(revisions));
  }
  return {};
}

void FreedesktopFeed::plan_series(Positions& positions, std::int64_t series, const Revisions& all,
                                  int version, std::optional<freedesktop::Event> event) {
  RevisionPlan plan;
  plan.series = series;
  plan.version = plan.origin = version;
  plan.patches = all.at(version).patches;
  const auto before_of = [&](int one) {
    const auto found = all.find(one - 1);
    return found != all.end() ? &found->second : nullptr;
  };
  const auto* before = before_of(version);
  while (before != nullptr && before->patches == plan.patches) {
    before = before_of(--plan.origin);
  }
  const std::set<std::int64_t> old = before != nullptr
                                         ? std::set(before->patches.begin(), before->patches.end())
                                         : std::set<std::int64_t>();
  const auto is_old = [&](std::int64_t patch) { return old.contains(patch); };
  const auto first = std::ranges::find_if_not(plan.patches, is_old);
  plan.anchor = first != plan.patches.end() ? *first
                : plan.patches.empty()      ? 0
                                            : plan.patches.front();
  const auto unread = [&](std::int64_t patch) { return is_new(positions, patch_name(patch)); };
  if (std::ranges::any_of(plan.patches, is_old)) {
    plan.before = before->patches;
    const bool lacks_old = std::ranges::any_of(
        plan.patches, [&](std::int64_t patch) { return is_old(patch) && unread(patch); });
    if (lacks_old && is_new(positions, revision_name(series, plan.origin - 1))) {
      plan_series(positions, series, all, plan.origin - 1, std::nullopt);
    }
  }
  std::ranges::copy_if(plan.patches, std::inserter(plan.fresh, plan.fresh.end()), unread);
  const auto& cover = all.at(plan.origin).cover;
  if (plan.before.empty() && !cover.empty()) {
    const auto host = http::parse_url(m_instance->name());
    plan.root = fmt::format("patchwork-series-{}-revision-{}@{}", series, plan.origin,
                            host ? host->host : std::string("localhost"));
    if (!plan.patches.empty() && is_new(positions, cover_name(series, plan.origin))) {
      plan.cover = cover;
      m_planned.insert(cover_name(series, plan.origin));
    }
  }
  const auto name = revision_name(series, version);
  plan.again = event && plan.fresh.empty() && (plan.origin < version || !is_new(positions, name));
  m_planned.insert(name);
  for (const auto patch : plan.fresh) {
    m_planned.insert(patch_name(patch));
  }
  m_steps.push_back({std::move(plan), std::move(event)});
}

void FreedesktopFeed::plan(Positions& positions, std::int64_t series, int version,
                           std::optional<freedesktop::Event> event) {
  const bool planned = m_planned.contains(revision_name(series, version));
  const auto found = m_revisions.find(series);
  if (!planned && found != m_revisions.end()) {
    if (!found->second) {
      RevisionPlan plan;
      plan.series = series;
      plan.version = version;
      plan.trouble = found->second.error();
      m_steps.push_back({std::move(plan), std::move(event)});
      return;
    }
    if (found->second->contains(version)) {
      plan_series(positions, series, *found->second, version, std::move(event));
      return;
    }
  }
  if (event) {
    m_steps.push_back({std::nullopt, std::move(event)});
  }
}

Result<void> FreedesktopFeed::plan_all(Positions& positions, const FreedesktopPosition& position,
                                       const std::vector<freedesktop::Event>& events,
                                       const std::vector<freedesktop::Event>& passed_over) {
  std::set<std::int64_t> series;
  for (const auto& [number, version] : position.missed) {
    series.insert(number);
  }
  for (const auto* some : {&events, &passed_over}) {
    for (const auto& event : *some) {
      if (is_revision(event)) {
        series.insert(event.series);
      }
    }
  }
  PM_TRY(read_revisions(series));
  for (const auto& [number, version] : position.missed) {
    plan(positions, number, version, std::nullopt);
  }
  for (const auto& event : events) {
    plan(positions, is_revision(event) ? event.series : 0, event.version, event);
  }
  for (const auto& event : passed_over) {
    plan(positions, event.series, event.version, std::nullopt);
  }
  return {};
}

Result<std::vector<std::unique_ptr<Source>>> FreedesktopFeed::open(Positions& positions, Waiter&) {
  m_more = false;
  m_steps.clear();
  m_planned.clear();
  m_revisions.clear();
  PM_TRY(find_project());
  const auto before = positions.cursor(m_place->key);
  PM_TRY_ASSIGN(auto position, this->position(positions));
  PM_TRY_ASSIGN(const auto events, events_since(position.since));
  std::vector<freedesktop::Event> passed_over;
  // Never more than two requests as long as nothing happens.
  const unsigned turn = m_look++ % looks_a_revision;
  if (turn == 1) {
    PM_TRY_ASSIGN(passed_over,
                  newest_revisions(positions, position,
                                   events.empty() ? position.since : events.back().time));
  } else if (turn == 6) {
    // A project that is gone has no events.
    const auto there = m_instance->read(fmt::format("projects/{}/", m_place->project.id));
    if (!there) {
      const auto& error = there.error();
      return fail(error.kind == ErrorKind::not_found ? ErrorKind::invalid : error.kind,
                  fmt::format("{}: {}", place(), error.message));
    }
  }
  PM_TRY(plan_all(positions, position, events, passed_over));
  if (position.missed.empty()) {
    m_complaint.clear();
  }
  std::vector<std::unique_ptr<Source>> sources;
  if (!m_steps.empty() || before != to_text(position)) {
    sources.push_back(
        std::make_unique<FreedesktopSource>(*m_place, std::move(m_steps), std::move(position)));
  }
  return sources;
}

}  // namespace

std::unique_ptr<Feed> follow_freedesktop(std::shared_ptr<patchwork::Instance> instance,
                                         std::string project, PatchworkFeedOptions options) {
  return std::make_unique<FreedesktopFeed>(std::move(instance), std::move(project), options);
}

}  // namespace patchmill::intake
