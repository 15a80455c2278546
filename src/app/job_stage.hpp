#pragma once
// Runs the jobs a series gets, in order, and compares what they find with the base.

#include "app/series_runner.hpp"
#include "pipeline/job.hpp"

namespace patchmill::app {

class JobStage {
 public:
  JobStage(Workspace& workspace, runtimes::Runtime& runtime, const RunWatcher& watcher);

  // `view` is placed (base and commits set); `paths` are the touched files per patch. Each job
  // becomes a node under `checkout`; those that do not run are nodes too, skipped with the reason.
  // The cause of the job that is incomplete and most worth repeating; empty: none is incomplete.
  // Errors are infrastructure (disk, sandbox); what went wrong in a job is in its node.
  Result<std::optional<pipeline::IncompleteCause>> run(
      const tracker::Series& series, const checks::SeriesView& view,
      const std::vector<std::vector<std::string>>& paths, const pipeline::Node& checkout,
      git::Repository& repository);

 private:
  Workspace& m_workspace;
  runtimes::Runtime& m_runtime;
  const RunWatcher& m_watcher;
};

}  // namespace patchmill::app
