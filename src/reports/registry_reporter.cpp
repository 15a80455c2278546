#include "reports/registry_reporter.hpp"

#include "patchwork/state_store.hpp"
#include "registry/automatic_check.hpp"
#include "registry/automatic_state.hpp"
#include "registry/follow.hpp"
#include "registry/writing.hpp"
#include "store/cursors.hpp"
#include "store/event_log.hpp"
#include "tracker/taken.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>
#include <vector>

namespace patchmill::reports {
namespace {

constexpr std::string_view k_cursor = "patchwork-states";
constexpr std::string_view k_whose = "patchwork-checks-by";  // user and prefix
// Whoever brings mails waits for the store as long as a pass takes.
constexpr std::size_t events_a_pass = 200;

registry::CheckState state_from(std::string_view word) {
  return word == "success"   ? registry::CheckState::success
         : word == "warning" ? registry::CheckState::warning
         : word == "fail"    ? registry::CheckState::fail
                             : registry::CheckState::pending;
}

}  // namespace

RegistryReporter::RegistryReporter(store::Database& database, const store::BlobStore& blobs,
                                   const Clock& clock, RegistryReporterConfig config)
    : m_database(database),
      m_clock(clock),
      m_config(std::move(config)),
      m_queries(database, blobs),
      m_series(database, clock) {}

int RegistryReporter::look_at(std::int64_t number, std::int64_t change) {
  const auto series = m_queries.series(number);
  if (!series) {
    return 0;
  }
  auto input = m_series.of(*series);
  input.prefix = m_config.check_prefix;
  input.links = m_config.links;
  const auto elsewhere = carried_on(m_queries, *series);
  return set_states(input, *series, elsewhere, change) +
         (m_config.user ? add_checks(input, *series, elsewhere, change) : 0);
}

int RegistryReporter::set_states(const CheckInput& input, const tracker::Series& series,
                                 const std::set<int>& elsewhere, std::int64_t change) {
  if (m_config.states.empty()) {
    return 0;
  }
  const auto taken = tracker::taken_patches(m_database, series);
  int changed = 0;
  for (const auto& patch : series.patches) {
    const auto wanted = wanted_state(input, taken.contains(patch.number), m_config.states);
    if (!wanted.empty() && !elsewhere.contains(patch.number)) {
      changed += registry::set_state_by_itself(
          m_database, m_clock.now(), change, patch.message, wanted,
          [&](std::string_view seen) { return patchwork::may_follow(wanted, seen); });
    }
  }
  return changed;
}

// The mail of a patch stands where another Patchwork has the patch's number.
int RegistryReporter::add_checks(const CheckInput& input, const tracker::Series& series,
                                 const std::set<int>& elsewhere, std::int64_t change) {
  std::vector<patchwork::CheckWish> wishes;
  for (const auto& line : check_lines(input)) {
    for (const auto& patch : series.patches) {
      if (line.patch.value_or(patch.number) == patch.number && !elsewhere.contains(patch.number)) {
        wishes.push_back({"", patch.message, 0, "", line.context, input.series, input.attempt,
                          line.state, line.target_url, line.description});
      }
    }
  }
  keep_worst(wishes);
  int added = 0;
  std::map<std::int64_t, std::set<std::string>> wanted;
  for (const auto& wish : wishes) {
    wanted[wish.patch].insert(wish.context);
    added += add(wish, *m_config.user, change);
  }
  for (const auto& patch : series.patches) {
    if (!elsewhere.contains(patch.number)) {
      added += retire_pending(patch.message, *m_config.user, m_config.check_prefix,
                              series.superseded, wanted[patch.message], change);
    }
  }
  return added;
}

int RegistryReporter::add(const patchwork::CheckWish& wish, registry::Id user,
                          std::int64_t change) {
  const auto given = [](const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
  };
  return registry::add_check_by_itself(
      m_database, m_clock.now(), change, wish.patch, user,
      {state_from(wish.state), wish.context, given(wish.target_url), given(wish.description)});
}

int RegistryReporter::retire_pending(std::int64_t mail, registry::Id user, std::string_view prefix,
                                     bool superseded, const std::set<std::string>& wanted,
                                     std::int64_t change) {
  int retired = 0;
  const std::string start = std::string(prefix) + "-";
  for (const auto& left : registry::pending_checks(m_database, mail, user, start)) {
    if (!wanted.contains(left.context)) {
      patchwork::CheckWish wish;
      wish.patch = mail;
      wish.context = left.context;
      wish.target_url = left.target_url.value_or("");
      retire(wish, superseded);
      retired += add(wish, user, change);
    }
  }
  return retired;
}

// The worst of all users counts: what nobody will finish must not be pending for ever.
int RegistryReporter::retire_former() {
  const std::string now =
      m_config.user ? fmt::format("{} {}", *m_config.user, m_config.check_prefix) : std::string();
  const std::string former = store::cursor(m_database, k_whose).value_or("");
  if (former == now) {
    return 0;
  }
  int retired = 0;
  store::Transaction transaction(m_database);
  const auto blank = former.find(' ');
  const auto user = parse_uint(former.substr(0, blank));
  if (user && blank != std::string::npos) {
    const auto change = registry::begin_change(m_database);
    const auto id = static_cast<registry::Id>(*user);
    for (const auto mail : registry::mails_with_pending_checks(m_database, id)) {
      retired += retire_pending(mail, id, former.substr(blank + 1), false, {}, change);
    }
  }
  store::set_cursor(m_database, k_whose, now);
  transaction.commit();
  return retired;
}

int RegistryReporter::pass(bool& more) {
  more = false;
  int changed = retire_former();
  const auto end = registry::followed_to(m_database);
  const auto cursor = store::cursor(m_database, k_cursor);
  const bool wants_any = m_config.user || !m_config.states.empty();
  if (!cursor || !wants_any) {
    const std::string place = std::to_string(end);
    if (cursor != place) {
      store::set_cursor(m_database, k_cursor, place);
    }
    return changed;
  }
  auto last = static_cast<std::int64_t>(parse_uint(*cursor).value_or(0));
  if (last >= end) {
    return changed;
  }
  const auto events = store::events_after(m_database, last, events_a_pass);
  std::set<std::int64_t> series;
  for (const auto& event : events) {
    if (event.id > end) {
      break;
    }
    if (event.series && changes_state(event.kind)) {
      series.insert(*event.series);
    }
    last = event.id;
  }
  store::Transaction transaction(m_database);
  if (!series.empty()) {
    const auto change = registry::begin_change(m_database);
    for (const auto number : series) {
      changed += look_at(number, change);
    }
  }
  store::set_cursor(m_database, k_cursor, std::to_string(last));
  transaction.commit();
  more = events.size() == events_a_pass;
  return changed;
}

}  // namespace patchmill::reports
