#pragma once
// Judges many series: while the jobs of some run, the next is placed and checked.

#include "app/lane_runner.hpp"
#include "app/series_runner.hpp"
#include "pipeline/work_store.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace patchmill::app {

class RunAhead {
 public:
  // All outlive it. One a data folder at a time (RunLock). The jobs of up to `workers` series run
  // at once, each in a thread and a workspace of its own, which `prepare` gets before anything is
  // done in it. The watcher is called from all threads, never at once for the same series; so is
  // the runtime.
  RunAhead(Workspace& workspace, runtimes::Runtime& runtime, ProcessRunner& processes,
           unsigned workers, RunWatcher watcher, std::function<void(Workspace&)> prepare = {});
  ~RunAhead();

  // In the order asked for, from the thread of run(). Errors are infrastructure, and of that series
  // alone.
  using Done = std::function<void(const tracker::Series&, const Result<SeriesReport>&)>;
  // Each number once; those that are no series (any more) are left out. Killed in between, the next
  // call goes on.
  void run(std::span<const std::int64_t> numbers, const RunRequest& request, const Done& done);

 private:
  class Worker;
  // The jobs of one series, and its verdict.
  Result<SeriesReport> run_jobs(const tracker::Series& series, const pipeline::SeriesRun& run);
  std::unique_ptr<Worker> take_worker();
  void give_back(std::unique_ptr<Worker> worker);

  Workspace& m_workspace;
  runtimes::Runtime& m_runtime;
  ProcessRunner& m_processes;
  const unsigned m_workers;
  RunWatcher m_watcher;
  std::function<void(Workspace&)> m_prepare;
  std::mutex m_mutex;
  // Kept from series to series, as their source folders are warm. The one used last comes first.
  std::vector<std::unique_ptr<Worker>> m_idle;
};

}  // namespace patchmill::app
