#include "app/series_jobs.hpp"

#include "app/run_end.hpp"

#include <fmt/format.h>

namespace patchmill::app {

Result<SeriesReport> run_series_jobs(Workspace& workspace, LaneRunner& lanes,
                                     const tracker::Series& series, const pipeline::SeriesRun& run,
                                     git::Repository* repository) {
  pipeline::WorkStore work(workspace.database());
  for (auto waiting = work.of_series(series.number); !waiting.empty();
       waiting = work.of_series(series.number)) {
    PM_TRY(lanes.run(waiting.front().lane, repository));
  }
  if (auto report = conclude_run(workspace, series, run)) {
    return *std::move(report);
  }
  return fail(ErrorKind::conflict,
              fmt::format("somebody else ended the test of series {} meanwhile; run it again",
                          series.number));
}

}  // namespace patchmill::app
