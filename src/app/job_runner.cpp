#include "app/job_runner.hpp"

#include <fmt/format.h>

#include "pipeline/nipa.hpp"
#include "runtimes/checkout.hpp"
#include "util/log.hpp"

namespace patchmill::app {
namespace {

namespace fs = std::filesystem;

Result<void> make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    return fail(ErrorKind::infrastructure,
                fmt::format("cannot make {}: {}", folder.string(), error.message()));
  }
  return {};
}

// What is left of a scratch folder after a crash belongs to nobody: runs are one at a time.
void clear_folder(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    std::error_code ignored;
    fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace

JobRunner::JobRunner(Workspace& workspace, runtimes::Runtime& runtime,
                     std::function<void(std::string_view)> on_log)
    : m_workspace(workspace), m_runtime(runtime), m_on_log(std::move(on_log)) {
  clear_folder(m_workspace.config().data / "scratch");
}

Result<JobOutcome> JobRunner::run(const pipeline::JobSpec& job, const JobTarget& target) {
  const fs::path& data = m_workspace.config().data;
  const runtimes::CheckoutPlace place{data / "source" / target.tree};
  PM_TRY(make_folder(place.home));
  PM_TRY(runtimes::materialise(*target.repository, target.commit, place));
  PM_TRY(make_folder(data / "scratch"));
  const TempDir scratch("run", data / "scratch");

  runtimes::RunRequest request;
  request.job = &job;
  request.source = place.source();
  request.scratch = scratch.path();
  if (!job.warm.empty()) {
    request.warm = data / "warm" / target.tree / job.warm;
    PM_TRY(make_folder(request.warm));
  }
  request.git_dir = place.git_dir();
  request.git_objects = runtimes::borrowed_objects(place.git_dir());
  request.env = {{pipeline::nipa_branch_base, target.base},
                 {pipeline::nipa_first_in_series, target.first_in_series ? "1" : "0"}};
  JobOutcome outcome;
  PM_TRY_ASSIGN(outcome.run, m_runtime.run(request, m_on_log));
  for (const auto& problem : outcome.run.problems) {
    log::warning("job {}: {}", job.name, problem);
  }
  PM_TRY(keep(outcome));
  return outcome;
}

Result<void> JobRunner::keep(JobOutcome& outcome) {
  PM_TRY_ASSIGN(const std::string log, m_workspace.blobs().put(outcome.run.log));
  outcome.artifacts.push_back({"log", log, static_cast<std::int64_t>(outcome.run.log.size())});
  for (const fs::path& file : outcome.run.artifacts) {
    std::error_code error;
    const auto size = fs::file_size(file, error);
    PM_TRY_ASSIGN(const std::string sha256, m_workspace.blobs().put_file(file));
    outcome.artifacts.push_back(
        {file.filename().string(), sha256, error ? 0 : static_cast<std::int64_t>(size)});
  }
  return {};
}

}  // namespace patchmill::app
