#pragma once
// One job on one commit in the runtime: folders prepared, log and artifacts kept.

#include "app/workspace.hpp"
#include "pipeline/job.hpp"
#include "runtimes/runtime.hpp"
#include "runtimes/source_folder.hpp"

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::app {

struct JobTarget {
  git::Repository* repository = nullptr;
  std::string tree;
  git::ObjectId commit;
  git::ObjectId base;  // BRANCH_BASE of the job's environment
  bool first_in_series = false;
  std::stop_token stop;
};

// FIRST_IN_SERIES of a job's environment: of a job of the whole series (no `patch`), too.
bool is_first_in_series(const tracker::Series& series, std::optional<int> patch);

struct JobOutcome {
  runtimes::RunOutcome run;
  std::vector<pipeline::Artifact> artifacts;  // the log and what the job left, kept
};

class JobRunner {
 public:
  JobRunner(Workspace& workspace, runtimes::Runtime& runtime,
            std::function<void(std::string_view)> on_log);
  // Error: the source, a folder or the sandbox could not be made (infrastructure).
  Result<JobOutcome> run(const pipeline::JobSpec& job, const JobTarget& target);

 private:
  // The slot taken may have built nothing yet; see runtimes::WarmStart.
  std::optional<LockFile> begin_warm(std::string_view warm, const std::stop_token& stop);
  // Puts log and artifacts into the large objects of the store, named by their path below
  // `results`.
  Result<void> keep(JobOutcome& outcome, const std::filesystem::path& results);

  Workspace& m_workspace;
  runtimes::Runtime& m_runtime;
  std::function<void(std::string_view)> m_on_log;
  std::optional<runtimes::SourceFolder> m_source;  // taken with the first run, kept to the last
  std::string m_source_tree;
};

}  // namespace patchmill::app
