#pragma once
// A report out of the store.

#include "pipeline/node_store.hpp"
#include "reports/report.hpp"
#include "tracker/queries.hpp"

#include <optional>

namespace patchmill::reports {

// What the store does not know about a verdict; the caller has it from placement and from the
// configuration.
struct VerdictContext {
  std::string project;
  std::string base_commit;     // full id of the commit the series was applied to; empty: none
  std::string base_described;  // "v6.1-rc3-12-gabc…"
  std::vector<mail::Address> maintainers;  // of what the series touches
};

// Empty: the series has no verdict.
std::optional<Report> load_report(tracker::Queries& queries, pipeline::NodeStore& nodes,
                                  const tracker::Series& series, const VerdictContext& context,
                                  const ClassRules& classes, const Links& links);

}  // namespace patchmill::reports
