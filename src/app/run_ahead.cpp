#include "app/run_ahead.hpp"

#include "app/series_front.hpp"
#include "app/series_jobs.hpp"

#include <future>
#include <optional>
#include <set>

namespace patchmill::app {

RunAhead::RunAhead(Workspace& workspace, runtimes::Runtime& runtime, ProcessRunner& processes,
                   RunWatcher watcher, std::function<void(Workspace&)> prepare)
    : m_workspace(workspace),
      m_runtime(runtime),
      m_processes(processes),
      m_watcher(std::move(watcher)),
      m_prepare(std::move(prepare)) {}

void RunAhead::run(std::span<const std::int64_t> numbers, const RunRequest& request,
                   const Done& done) {
  struct UnderWay {
    tracker::Series series;
    std::future<Result<SeriesReport>> report;  // waits for its thread when it goes
  };
  std::optional<UnderWay> before;
  const auto finish = [&] {
    if (before) {
      const auto report = before->report.get();
      done(before->series, report);
      before.reset();
    }
  };
  SeriesFront front(m_workspace, m_processes, m_watcher);
  std::set<std::int64_t> seen;
  for (const std::int64_t number : numbers) {
    if (!seen.insert(number).second) {
      continue;
    }
    auto series = m_workspace.queries().series(number);
    if (!series) {
      continue;
    }
    auto start = front.start(*series, request);
    finish();
    if (!start) {
      done(*series, tl::unexpected(start.error()));
    } else if (start->report) {
      done(*series, *start->report);
    } else {
      before.emplace(
          UnderWay{*series, std::async(std::launch::async, [this, of = *series, run = *start->run] {
                     return run_jobs(of, run);
                   })});
    }
  }
  finish();
}

Result<SeriesReport> RunAhead::run_jobs(const tracker::Series& series,
                                        const pipeline::SeriesRun& run) {
  if (!m_lanes) {
    PM_TRY_ASSIGN(m_of_jobs, Workspace::open(m_workspace.config()));
    if (m_prepare) {
      m_prepare(*m_of_jobs);
    }
    m_lanes = std::make_unique<LaneRunner>(*m_of_jobs, m_runtime, m_watcher);
  }
  return run_series_jobs(*m_of_jobs, *m_lanes, series, run);
}

}  // namespace patchmill::app
