#pragma once
// One series from its mails to its verdict: place, apply, check, run jobs, add up.

#include "app/series_view.hpp"
#include "app/workspace.hpp"
#include "pipeline/retry.hpp"
#include "runtimes/runtime.hpp"
#include "util/subprocess.hpp"

#include <functional>
#include <optional>
#include <string>

namespace patchmill::app {

// What somebody watching wants to know; each may be empty.
struct RunWatcher {
  std::function<void(const tracker::Series&)> series_started;
  std::function<void(const pipeline::Node&)> node_started, node_done;
  std::function<void(std::string_view)> log;  // what jobs print, as it comes
};

struct RunRequest {
  placement::PlaceOptions place;
  // Decided by the caller (patchmill try on commits); else the placer decides.
  std::optional<placement::Placement> placement;
  git::Repository* repository = nullptr;  // goes with `placement`
  bool again = false;                     // also when nothing changed since the last verdict
};

struct SeriesReport {
  pipeline::NodeStore::SeriesVerdict verdict;
  bool tested = false;  // false: the verdict of an earlier run still stands, or none was needed
  bool kept = false;    // the former: nothing it depends on has changed since
};

class SeriesRunner {
 public:
  // All outlive the runner. One runner per data folder at a time (RunLock).
  SeriesRunner(Workspace& workspace, runtimes::Runtime& runtime, ProcessRunner& processes,
               RunWatcher watcher = {});

  // Everything about one series is in the store when this returns; killed in between, the next
  // call starts it anew. Errors are infrastructure.
  Result<SeriesReport> run(const tracker::Series& series, const RunRequest& request = {});

 private:
  Workspace& m_workspace;
  runtimes::Runtime& m_runtime;
  ProcessRunner& m_processes;
  RunWatcher m_watcher;
};

// SHA-256 of everything in the configuration that can change a verdict, and of the files it names:
// programs of jobs in the configuration's folder or the job's `read-only` ones, NIPA test folders,
// files of checks. Any thread may ask.
std::string verdict_fingerprint(const Config& config);

}  // namespace patchmill::app
