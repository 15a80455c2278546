#pragma once
// From what happens to series to checks in the outbox, for one instance of Patchwork.

#include "patchwork/check_store.hpp"
#include "patchwork/delegate_rules.hpp"
#include "patchwork/delegate_store.hpp"
#include "patchwork/patch_map.hpp"
#include "patchwork/revision_store.hpp"
#include "patchwork/state_store.hpp"
#include "reports/patchwork_checks.hpp"
#include "reports/series_state.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "tracker/queries.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace patchmill::reports {

struct PatchworkReporterConfig {
  std::string name;                // of the source; how far the event log was read is kept under it
  std::string instance;            // patchwork::Instance::name()
  std::set<std::string> projects;  // as the configuration calls them
  std::string prefix = "patchmill";
  Links links;
  bool checks = true;              // are posted
  std::set<std::string> states{};  // that are set, as slugs
  std::vector<patchwork::DelegateRule> delegates{};
};

class PatchworkReporter {
 public:
  // All outlive it. One thread at a time.
  PatchworkReporter(store::Database& database, const store::BlobStore& blobs, const Clock& clock,
                    PatchworkReporterConfig config);

  // Reads on in the event log from where it got to (a cursor of the store; the first time: from its
  // end), and looks at patches that have become known at the instance; only these get a delegate.
  // What it decides and how far it got is one transaction. Returns how many checks, states and
  // delegates are to be posted; call it again while there is `more`. Throws DatabaseError.
  int pass(bool& more);

  // What is to be posted about this series now; pending ones that nobody will finish are retired.
  // In a transaction.
  int look_at(std::int64_t series);

 private:
  // By number within the series; one mail may be in several projects there.
  using KnownPatches = std::multimap<int, patchwork::KnownPatch>;

  KnownPatches patches_of(const tracker::Series& series);
  // Whole revisions that these stand for, where checks are on those.
  std::vector<std::pair<patchwork::KnownRevision, patchwork::KnownPatch>> revisions_of(
      const KnownPatches& patches);
  std::vector<patchwork::CheckWish> wishes(const CheckInput& input, const KnownPatches& posted,
                                           const KnownPatches& decided);
  int want_states(const CheckInput& input, const tracker::Series& series,
                  const KnownPatches& decided);
  bool want_delegate(const patchwork::KnownPatch& patch, const tracker::Series& series);

  store::Database& m_database;
  PatchworkReporterConfig m_config;
  tracker::Queries m_queries;
  SeriesStates m_series;
  patchwork::CheckStore m_checks;
  patchwork::StateStore m_states;
  patchwork::DelegateStore m_delegates;
};

}  // namespace patchmill::reports
