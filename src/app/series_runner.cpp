#include "app/series_runner.hpp"

#include "app/lane_runner.hpp"
#include "app/series_front.hpp"
#include "app/series_jobs.hpp"

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
  return run_series_jobs(m_workspace, lanes, series, *start.run, request.repository);
}

}  // namespace patchmill::app
