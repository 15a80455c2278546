#pragma once
// Judges series one after the other; while the jobs of one run, the next is placed and checked.

#include "app/lane_runner.hpp"
#include "app/series_runner.hpp"
#include "pipeline/work_store.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace patchmill::app {

class RunAhead {
 public:
  // All outlive it. One a data folder at a time (RunLock). The watcher is called from two threads,
  // never at once for the same series. Jobs have a workspace of their own, which `prepare` gets
  // before anything is done in it.
  RunAhead(Workspace& workspace, runtimes::Runtime& runtime, ProcessRunner& processes,
           RunWatcher watcher, std::function<void(Workspace&)> prepare = {});

  // In the order asked for, from the thread of run(), while no job runs. Errors are infrastructure,
  // and of that series alone.
  using Done = std::function<void(const tracker::Series&, const Result<SeriesReport>&)>;
  // Each number once; those that are no series (any more) are left out. Killed in between, the next
  // call goes on.
  void run(std::span<const std::int64_t> numbers, const RunRequest& request, const Done& done);

 private:
  // The jobs of one series, and its verdict.
  Result<SeriesReport> run_jobs(const tracker::Series& series, const pipeline::SeriesRun& run);

  Workspace& m_workspace;
  runtimes::Runtime& m_runtime;
  ProcessRunner& m_processes;
  RunWatcher m_watcher;
  std::function<void(Workspace&)> m_prepare;
  std::unique_ptr<Workspace> m_of_jobs;  // opened with the first job
  std::unique_ptr<LaneRunner> m_lanes;   // kept from series to series, as its source folder is warm
};

}  // namespace patchmill::app
