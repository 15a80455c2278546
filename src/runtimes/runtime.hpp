#pragma once
// Where jobs run. The local runtime is a sandbox on this machine; others follow.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "findings/finding.hpp"
#include "pipeline/job.hpp"
#include "util/result.hpp"

namespace patchmill::runtimes {

// One run. All folders are the caller's.
struct RunRequest {
  const pipeline::JobSpec* job = nullptr;
  std::filesystem::path source;        // read-only inside, working directory
  std::filesystem::path scratch;       // writable, empty, for this run alone (RESULTS_DIR is in it)
  std::filesystem::path warm;          // writable and kept between runs; empty: none
  std::map<std::string, std::string> env;   // added to the job's own
};

struct RunOutcome {
  findings::Verdict verdict = findings::Verdict::incomplete;
  std::string summary;                 // from DESC_FD, else made of the exit status
  int exit_status = -1;
  bool killed_at_deadline = false, out_of_memory = false, output_cut = false;
  std::string log;                     // what was kept of stdout and stderr, interleaved
  std::vector<findings::Finding> findings;
  std::vector<std::filesystem::path> artifacts;
  std::chrono::milliseconds elapsed{0};
};

class Runtime {
 public:
  virtual ~Runtime() = default;
  // Exit 0 pass, 250 warning, 77 skip, 111 incomplete (NIPA: pending), else fail; killed, out of
  // memory, or a missing tool (126, 127) is incomplete. Error: the sandbox could not be made.
  virtual Result<RunOutcome> run(const RunRequest& request,
                                 const std::function<void(std::string_view)>& on_log) = 0;
};

// What this machine offers, and what is missing with the command that mends it (doctor).
struct SandboxSupport {
  bool bubblewrap = false;
  bool user_namespaces = false;
  bool own_uid = false;                // we are root and drop to a uid of our own
  std::string cgroups;                 // "v1", "v2", "none"
  std::vector<std::string> missing;    // sentences
};
SandboxSupport probe_sandbox();

std::unique_ptr<Runtime> make_local_runtime();

}  // namespace patchmill::runtimes
