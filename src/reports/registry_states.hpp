#pragma once
// From what happens to series to states of their patches in our own registry.

#include "reports/series_state.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "tracker/queries.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <set>
#include <string>

namespace patchmill::reports {

class RegistryStates {
 public:
  // All outlive it. `states` are those that may be set, as slugs. One thread at a time.
  RegistryStates(store::Database& database, const store::BlobStore& blobs, const Clock& clock,
                 std::set<std::string> states);

  // Reads on in the event log from where it got to (a cursor of the store; the first time: from
  // where the registry has got to), no further than the registry has followed it. One transaction.
  // Returns how many states were set; call it again while there is `more`. Throws DatabaseError.
  int pass(bool& more);

 private:
  int look_at(std::int64_t series, std::int64_t change);

  store::Database& m_database;
  const Clock& m_clock;
  std::set<std::string> m_states;
  tracker::Queries m_queries;
  SeriesStates m_series;
};

}  // namespace patchmill::reports
