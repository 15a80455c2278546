#include "reports/registry_states.hpp"

#include "patchwork/state_store.hpp"
#include "registry/automatic_state.hpp"
#include "registry/follow.hpp"
#include "registry/writing.hpp"
#include "store/cursors.hpp"
#include "store/event_log.hpp"
#include "tracker/taken.hpp"
#include "util/text.hpp"

#include <utility>

namespace patchmill::reports {
namespace {

constexpr std::string_view k_cursor = "patchwork-states";
// Whoever brings mails waits for the store as long as a pass takes.
constexpr std::size_t states_a_pass = 200;

}  // namespace

RegistryStates::RegistryStates(store::Database& database, const store::BlobStore& blobs,
                               const Clock& clock, std::set<std::string> states)
    : m_database(database),
      m_clock(clock),
      m_states(std::move(states)),
      m_queries(database, blobs),
      m_series(database, clock) {}

int RegistryStates::look_at(std::int64_t number, std::int64_t change) {
  const auto series = m_queries.series(number);
  if (!series) {
    return 0;
  }
  const auto input = m_series.of(*series);
  const auto taken = tracker::taken_patches(m_database, *series);
  const auto elsewhere = carried_on(m_queries, *series);
  int changed = 0;
  for (const auto& patch : series->patches) {
    const auto wanted = wanted_state(input, taken.contains(patch.number), m_states);
    if (!wanted.empty() && !elsewhere.contains(patch.number)) {
      changed += registry::set_state_by_itself(
          m_database, m_clock.now(), change, patch.message, wanted,
          [&](std::string_view seen) { return patchwork::may_follow(wanted, seen); });
    }
  }
  return changed;
}

int RegistryStates::pass(bool& more) {
  more = false;
  const auto end = registry::followed_to(m_database);
  const auto cursor = store::cursor(m_database, k_cursor);
  if (!cursor) {
    store::set_cursor(m_database, k_cursor, std::to_string(end));
    return 0;
  }
  auto last = static_cast<std::int64_t>(parse_uint(*cursor).value_or(0));
  if (last >= end) {
    return 0;
  }
  const auto events = store::events_after(m_database, last, states_a_pass);
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
  int changed = 0;
  if (!series.empty()) {
    const auto change = registry::begin_change(m_database);
    for (const auto number : series) {
      changed += look_at(number, change);
    }
  }
  store::set_cursor(m_database, k_cursor, std::to_string(last));
  transaction.commit();
  more = events.size() == states_a_pass;
  return changed;
}

}  // namespace patchmill::reports
