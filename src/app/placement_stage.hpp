#pragma once
// Turns a placement into the checkout node and the built-in `applies` check.

#include "app/series_runner.hpp"

namespace patchmill::app {

struct PlacedNodes {
  pipeline::Node checkout;                                    // done
  findings::Verdict verdict = findings::Verdict::incomplete;  // of the placement as such
  std::string reason;  // one line for the verdict of the series
};

inline constexpr std::string_view k_checkout_node = "checkout";
inline constexpr std::string_view k_applies_node = "applies";

// Writes both nodes (done) with their findings; the checkout keeps all candidates as the artifact
// placement.json. `series` names the patches in messages.
PlacedNodes record_placement(Workspace& workspace, const tracker::Series& series, int attempt,
                             const placement::Placement& placement, const RunWatcher& watcher);

}  // namespace patchmill::app
