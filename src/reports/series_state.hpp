#pragma once
// How far a series got, as checks and states tell it.

#include "pipeline/node_store.hpp"
#include "pipeline/work_store.hpp"
#include "reports/patchwork_checks.hpp"
#include "store/database.hpp"
#include "tracker/model.hpp"
#include "tracker/queries.hpp"
#include "util/clock.hpp"

#include <set>
#include <string_view>

namespace patchmill::reports {

class SeriesStates {
 public:
  // Both outlive it.
  SeriesStates(store::Database& database, const Clock& clock)
      : m_nodes(database, clock), m_work(database) {}

  // All but prefix and links. Throws DatabaseError.
  CheckInput of(const tracker::Series& series);

 private:
  pipeline::NodeStore m_nodes;
  pipeline::WorkStore m_work;
};

// Those of its patches, by number, that a later revision has as they are (a partial reroll): it
// decides their states and checks. Throws DatabaseError.
std::set<int> carried_on(tracker::Queries& queries, const tracker::Series& series);

// Whether an event may change what of() says.
bool changes_state(std::string_view event_kind);

}  // namespace patchmill::reports
