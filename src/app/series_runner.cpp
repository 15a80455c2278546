#include "app/series_runner.hpp"

#include "app/lane_runner.hpp"
#include "app/run_end.hpp"
#include "app/series_front.hpp"

#include <fmt/format.h>

namespace patchmill::app {

SeriesRunner::SeriesRunner(Workspace& workspace, runtimes::Runtime& runtime,
                           ProcessRunner& processes, RunWatcher watcher)
    : m_workspace(workspace),
      m_runtime(runtime),
      m_processes(processes),
      m_watcher(std::move(watcher)) {}

Result<SeriesReport> SeriesRunner::run(const tracker::Series& series, const RunRequest& request) {
  SeriesFront front(m_workspace, m_processes, m_watcher);
  PM_TRY_ASSIGN(auto start, front.start(series, request));
  if (start.report) {
    return *std::move(start.report);
  }
  LaneRunner lanes(m_workspace, m_runtime, m_watcher);
  pipeline::WorkStore work(m_workspace.database());
  for (auto waiting = work.of_series(series.number); !waiting.empty();
       waiting = work.of_series(series.number)) {
    PM_TRY(lanes.run(waiting.front().lane, request.repository));
  }
  if (auto report = conclude_run(m_workspace, series, *start.run)) {
    return *std::move(report);
  }
  return fail(ErrorKind::conflict,
              fmt::format("somebody else ended the test of series {} meanwhile; run it again",
                          series.number));
}

}  // namespace patchmill::app
