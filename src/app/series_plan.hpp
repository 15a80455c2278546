#pragma once
// What testing a series would do, without doing it: where it goes, which checks and jobs it gets.

#include "app/series_runner.hpp"
#include "pipeline/job.hpp"

#include <optional>
#include <vector>

namespace patchmill::app {

struct SeriesPlan {
  // The verdict it gets at once, where nothing has to be applied for it. No check, no job then.
  std::optional<pipeline::NodeStore::SeriesVerdict> early;
  std::optional<placement::Placement> placement;  // empty: not looked for
  std::vector<const checks::Check*> checks;
  pipeline::Plan jobs;  // points into the configuration; every job is in it, run or skipped
};

// As SeriesFront::start() decides, by the trees as they were fetched last; only post-images and
// patch-ids are remembered. A series with an early verdict is placed only when `always_place`.
// Errors: invalid (no trees, an unknown tree) or infrastructure.
Result<SeriesPlan> plan_series(Workspace& workspace, const tracker::Series& series,
                               const placement::PlaceOptions& options, bool always_place);

}  // namespace patchmill::app
