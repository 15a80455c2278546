#include "app/job_runner.hpp"

#include "pipeline/nipa.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

namespace patchmill::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view k_log_name = "log";

// How long a worker without a build waits for one to copy. Most builds take longer from nothing.
constexpr std::chrono::minutes k_copy_patience{10};

// Who reads it may see at once that the program is what is missing.
void name_program(const pipeline::JobSpec& job, runtimes::RunOutcome& run) {
  constexpr int k_not_found = 127;
  if (run.verdict == findings::Verdict::incomplete && run.exit_status == k_not_found &&
      run.cause == pipeline::IncompleteCause::missing_tool && !job.command.empty()) {
    run.summary =
        fmt::format("'{}' or {}", escape_terminal(ellipsize(job.command[0], 100)), run.summary);
  }
}

}  // namespace

bool is_first_in_series(const tracker::Series& series, std::optional<int> patch) {
  return !patch || series.patches.empty() || *patch == series.patches[0].number;
}

JobRunner::JobRunner(Workspace& workspace, runtimes::Runtime& runtime,
                     std::function<void(std::string_view)> on_log)
    : m_workspace(workspace), m_runtime(runtime), m_on_log(std::move(on_log)) {}

Result<JobOutcome> JobRunner::run(const pipeline::JobSpec& job, const JobTarget& target) {
  if (!m_source || m_source_tree != target.tree) {
    m_source.reset();
    PM_TRY_ASSIGN(auto source, runtimes::SourceFolder::acquire(m_workspace.config().data / "source",
                                                               target.tree));
    m_source.emplace(std::move(source));
    m_source_tree = target.tree;
  }
  // The source of its own is not copied, so all would be built anew.
  std::optional<LockFile> beginning;
  if (!job.warm.empty() && !job.own_source) {
    beginning = begin_warm(job.warm, target.stop);
  }
  PM_TRY_ASSIGN(const LockFile use, m_source->use());
  runtimes::RunRequest request;
  if (!job.warm.empty()) {
    // Before its source is filled: other slots see that there will be something to copy.
    PM_TRY_ASSIGN(request.warm, m_source->warm(job.warm));
  }
  beginning.reset();
  PM_TRY(m_source->update(*target.repository, target.commit));
  PM_TRY_ASSIGN(const auto scratch, m_source->new_scratch());

  request.job = &job;
  request.source = m_source->source();
  request.scratch = scratch.path();
  if (job.own_source) {
    PM_TRY_ASSIGN(request.own_source, m_source->own_source());
  }
  request.git_dir = m_source->git_dir();
  request.git_objects = m_source->git_objects();
  request.env = {{pipeline::nipa_branch_base, target.base},
                 {pipeline::nipa_first_in_series, target.first_in_series ? "1" : "0"}};
  request.stop = target.stop;
  JobOutcome outcome;
  PM_TRY_ASSIGN(outcome.run, m_runtime.run(request, m_on_log));
  name_program(job, outcome.run);
  for (const auto& problem : outcome.run.problems) {
    log::warning("job {}: {}", job.name, problem);
  }
  PM_TRY(keep(outcome, scratch.path() / "results"));
  return outcome;
}

std::optional<LockFile> JobRunner::begin_warm(std::string_view warm, const std::stop_token& stop) {
  auto start = m_source->copy_warm(warm, k_copy_patience, stop);
  if (!start) {
    log::warning("tree {}: {}; building from nothing", m_source_tree, start.error().message);
    return std::nullopt;
  }
  if (start->copied) {
    log::info("tree {}: another worker's build was copied", m_source_tree);
  }
  return std::move(start->beginning);
}

Result<void> JobRunner::keep(JobOutcome& outcome, const fs::path& results) {
  PM_TRY_ASSIGN(const std::string log, m_workspace.blobs().put_file(outcome.run.log.path()));
  outcome.artifacts.push_back(
      {std::string(k_log_name), log, static_cast<std::int64_t>(outcome.run.log.size())});
  for (const fs::path& file : outcome.run.artifacts) {
    std::error_code error;
    const auto size = fs::file_size(file, error);
    PM_TRY_ASSIGN(const std::string sha256, m_workspace.blobs().put_file(file));
    std::string name = file.lexically_relative(results).generic_string();
    if (name == k_log_name) {
      name = "results/" + name;  // the log is what the job printed
    }
    outcome.artifacts.push_back(
        {std::move(name), sha256, error ? 0 : static_cast<std::int64_t>(size)});
  }
  return {};
}

}  // namespace patchmill::app
