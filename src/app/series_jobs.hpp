#pragma once
// The second half of judging a series: its queued jobs, and the verdict they add up to.

#include "app/lane_runner.hpp"
#include "app/series_runner.hpp"
#include "pipeline/work_store.hpp"

namespace patchmill::app {

// Runs every lane of the series' try `run` in this thread. `repository` as LaneRunner::run() takes
// it. Error conflict when somebody else closed the try meanwhile; others are infrastructure.
Result<SeriesReport> run_series_jobs(Workspace& workspace, LaneRunner& lanes,
                                     const tracker::Series& series, const pipeline::SeriesRun& run,
                                     git::Repository* repository = nullptr);

}  // namespace patchmill::app
