#pragma once
// Where jobs run. The local runtime is a sandbox on this machine; others follow.

#include "findings/finding.hpp"
#include "pipeline/job.hpp"
#include "pipeline/retry.hpp"
#include "runtimes/job_log.hpp"
#include "util/result.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::runtimes {

// One run. All folders are the caller's.
struct RunRequest {
  const pipeline::JobSpec* job = nullptr;
  std::filesystem::path source;   // read-only inside (/src), working directory
  std::filesystem::path scratch;  // writable, empty, for this run alone (RESULTS_DIR is in it)
  std::filesystem::path warm;     // writable and kept between runs; empty: none
  std::map<std::string, std::string> env;  // added to the job's own (BRANCH_BASE, …)
  // For jobs that ask git about the source: a repository whose HEAD is what `source` holds, and
  // the object folders it borrows from (SourceFolder has both). Inside: GIT_DIR, read-only.
  std::filesystem::path git_dir;
  std::vector<std::filesystem::path> git_objects;
  // Needed by jobs with JobSpec::own_source: a folder of ours, kept between runs, for a checkout of
  // git_dir's HEAD that they find at /src instead, writable, with a .git of its own.
  std::filesystem::path own_source;
  std::stop_token stop;  // stopped: everything of the run is killed; RunOutcome::cancelled
};

struct RunOutcome {
  findings::Verdict verdict = findings::Verdict::incomplete;
  std::string summary;  // from DESC_FD, else made of the exit status
  std::string tests;    // "12 passed, 1 failed" where its log holds test results
  int exit_status = -1;
  bool killed_at_deadline = false, out_of_memory = false, output_cut = false;
  bool disk_exceeded = false;
  bool cancelled = false;
  // Why it is incomplete, for pipeline::retry_after(); meaningless for other verdicts.
  pipeline::IncompleteCause cause = pipeline::IncompleteCause::infrastructure;
  JobLog log;  // what was kept of stdout and stderr, interleaved
  std::vector<findings::Finding> findings;
  std::vector<std::filesystem::path> artifacts;  // under scratch/results
  std::vector<std::string> problems;             // for operators: artifacts left out and the like
  std::chrono::milliseconds elapsed{0};
};

class Runtime {
 public:
  virtual ~Runtime() = default;
  // Exit 0 pass, 250 warning, 77 skip, 111 incomplete (NIPA: pending), else fail; killed, out of
  // memory, or a missing tool (126, 127) is incomplete. A crash by another signal is fail.
  // With results "ktap" failed tests and kernel crashes in the log are fail, missing tests
  // incomplete. Error: the request is wrong, or the sandbox could not be made.
  virtual Result<RunOutcome> run(const RunRequest& request,
                                 const std::function<void(std::string_view)>& on_log) = 0;
};

// Which control groups limit jobs here: "v1", "v2" or "none". In v2 a group with processes in it
// cannot limit groups below it: where ours was delegated to us (a service with Delegate=) we step
// into a leaf of it. That works while nobody else is in it, so call this before the first child.
std::string claim_control_groups();

// What this machine offers, and what is missing with the command that mends it (doctor).
struct SandboxSupport {
  bool bubblewrap = false;
  bool user_namespaces = false;
  bool own_uid = false;              // we are root and drop to a uid of our own
  std::string cgroups;               // "v1", "v2", "none", or that only the service has them
  std::vector<std::string> missing;  // sentences
};
SandboxSupport probe_sandbox();

std::unique_ptr<Runtime> make_local_runtime();

}  // namespace patchmill::runtimes
