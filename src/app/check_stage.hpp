#pragma once
// Runs the built-in checks on a series and records each as a node.

#include "app/series_runner.hpp"

namespace patchmill::app {

class CheckStage {
 public:
  CheckStage(Workspace& workspace, ProcessRunner& processes, const RunWatcher& watcher);
  // `repository` is nullptr when the series was not applied: only checks of the text run then.
  void run(const LoadedSeries& loaded, const pipeline::Node& checkout, git::Repository* repository);

 private:
  Workspace& m_workspace;
  ProcessRunner& m_processes;
  const RunWatcher& m_watcher;
};

// The checks that run under this configuration.
std::vector<const checks::Check*> enabled_checks(const Config& config);

}  // namespace patchmill::app
