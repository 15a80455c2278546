#pragma once
// From what happens to series to states and checks of their patches in our own registry.

#include "patchwork/check_store.hpp"
#include "registry/model.hpp"
#include "reports/series_state.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "tracker/queries.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace patchmill::reports {

struct RegistryReporterConfig {
  std::set<std::string> states = {};      // those that may be set, as slugs
  std::optional<registry::Id> user = {};  // whose checks they are; nobody's: there are none
  std::string check_prefix = {};          // of contexts
  Links links = {};
};

class RegistryReporter {
 public:
  // All outlive it. One thread at a time.
  RegistryReporter(store::Database& database, const store::BlobStore& blobs, const Clock& clock,
                   RegistryReporterConfig config);

  // Reads on in the event log from where it got to (a cursor of the store; the first time: from
  // where the registry has got to), no further than the registry has followed it. One transaction.
  // Returns how many states were set and checks added; call it again while there is `more`. With
  // nothing to set or add it passes everything over. What is left pending of another user or prefix
  // of before is retired. Throws DatabaseError.
  int pass(bool& more);

 private:
  int look_at(std::int64_t series, std::int64_t change);
  int set_states(const CheckInput& input, const tracker::Series& series,
                 const std::set<int>& elsewhere, std::int64_t change);
  int add_checks(const CheckInput& input, const tracker::Series& series,
                 const std::set<int>& elsewhere, std::int64_t change);
  int add(const patchwork::CheckWish& wish, registry::Id user, std::int64_t change);
  int retire_pending(std::int64_t mail, registry::Id user, std::string_view prefix, bool superseded,
                     const std::set<std::string>& wanted, std::int64_t change);
  int retire_former();

  store::Database& m_database;
  const Clock& m_clock;
  RegistryReporterConfig m_config;
  tracker::Queries m_queries;
  SeriesStates m_series;
};

}  // namespace patchmill::reports
