#include "runtimes/artifacts.hpp"
#include "runtimes/cgroup.hpp"
#include "runtimes/exit_status.hpp"
#include "runtimes/log_pump.hpp"
#include "runtimes/log_results.hpp"
#include "runtimes/memory_file.hpp"
#include "runtimes/own_checkout.hpp"
#include "runtimes/remove_tree.hpp"
#include "runtimes/request_check.hpp"
#include "runtimes/run_uid.hpp"
#include "runtimes/runtime.hpp"
#include "runtimes/sandbox_command.hpp"
#include "runtimes/seccomp_filter.hpp"
#include "runtimes/tree_walk.hpp"
#include "runtimes/watchdog.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace patchmill::runtimes {
namespace {

namespace fs = std::filesystem;

// bubblewrap's three processes and the shell before it are counted with the job's.
constexpr std::uint64_t own_processes = 4;
// Our own deadline comes first; this one is for a sandbox that never got as far as being watched.
constexpr std::chrono::seconds backstop(20);

struct PipeEnds {
  Fd read, write;
};
Result<PipeEnds> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return fail(ErrorKind::infrastructure,
                std::string("cannot make a pipe: ") + std::strerror(errno));
  }
  return PipeEnds{Fd(ends[0]), Fd(ends[1])};
}

// Descriptors and memory files a sandbox is started with; they live as long as it starts.
struct Handed {
  std::vector<Fd> files;
  PipeEnds status, description;
  std::map<int, int> numbers;
};

// Of the shell, setpriv or prlimit. A job that reads its mark away gains nothing with another.
bool is_of_preamble(int status) {
  return status == 2 || (status >= 125 && status <= 127);
}

class LocalRuntime final : public Runtime {
 public:
  Result<RunOutcome> run(const RunRequest& request,
                         const std::function<void(std::string_view)>& on_log) override {
    const bool root = ::geteuid() == 0;
    if (request.job != nullptr && !request.job->skip_reason.empty()) {
      RunOutcome outcome;
      outcome.verdict = findings::Verdict::skip;
      outcome.summary = request.job->skip_reason;
      return outcome;
    }
    PM_TRY(check_request(request, root));
    const auto bubblewrap = find_program("bwrap");
    if (!bubblewrap) {
      return fail(ErrorKind::infrastructure,
                  "jobs run in a sandbox made by bubblewrap, which is not installed; run: "
                  "apt-get install bubblewrap");
    }
    std::optional<RunUid> uid;
    if (root) {
      // The checkout of its own has more files to hand over than a warm folder.
      PM_TRY_ASSIGN(auto own,
                    RunUid::acquire(request.job->own_source ? request.own_source : request.warm));
      uid.emplace(std::move(own));
    }
    PM_TRY(prepare_folders(request, uid ? std::optional(uid->id()) : std::nullopt));
    const pipeline::JobLimits& limits = request.job->limits;
    const CgroupPlaces places = find_cgroups();
    const auto group = RunCgroup::make(
        places, limits.memory_bytes, limits.processes == 0 ? 0 : limits.processes + own_processes);
    SandboxPlan plan = plan_of(request, *group);
    if (uid) {
      plan.uid = uid->id();
    }
    WatchLimits watch = watch_of(request, *group);
    if (request.job->own_source) {
      PM_TRY_ASSIGN(const auto own,
                    reset_own_checkout(request.own_source, request.git_dir, plan.uid));
      plan.source = own.source;
      plan.source_writable = true;
      watch.folders.push_back(own.source);
      watch.disk_before = own.bytes;
    }
    return run_plan(request, plan, std::move(watch), *bubblewrap, *group, on_log);
  }

 private:
  static Result<void> prepare_folders(const RunRequest& request, std::optional<unsigned> uid) {
    const fs::path results = request.scratch / "results";
    if (::mkdir(results.c_str(), 0755) != 0 && errno != EEXIST) {
      return fail(ErrorKind::infrastructure,
                  fmt::format("cannot make {}: {}", results.string(), std::strerror(errno)));
    }
    if (!uid) {
      return {};
    }
    for (const fs::path& folder : {request.scratch, request.warm}) {
      const auto error = folder.empty() ? std::error_code() : give_to(folder, *uid, *uid);
      if (error) {
        return fail(ErrorKind::infrastructure,
                    fmt::format("cannot give {} to user {}: {}; remove it", folder.string(), *uid,
                                error.message()));
      }
    }
    return {};
  }

  static SandboxPlan plan_of(const RunRequest& request, const RunCgroup& group) {
    const pipeline::JobSpec& job = *request.job;
    SandboxPlan plan;
    plan.source = request.source;
    plan.scratch = request.scratch;
    plan.warm = request.warm;
    if (!job.own_source) {
      plan.git_dir = request.git_dir;
    }
    plan.read_only.assign(job.read_only.begin(), job.read_only.end());
    plan.read_only.insert(plan.read_only.end(), request.git_objects.begin(),
                          request.git_objects.end());
    plan.command = job.command;
    plan.network = std::find(job.network.begin(), job.network.end(), "any") != job.network.end();
    // The kernel says that a group reached its limit; of this one it says nothing.
    plan.processes =
        group.limits_processes() ? 0 : within_hard_limit(RLIMIT_NPROC, job.limits.processes);
    plan.file_bytes = within_hard_limit(RLIMIT_FSIZE, job.limits.disk_bytes);
    plan.cgroups = group.folders();
    if (job.limits.memory_bytes != 0) {
      plan.tmp_bytes = std::min<std::uint64_t>(plan.tmp_bytes, job.limits.memory_bytes / 2);
    }
    plan.env = base_environment();
    const auto own = plan.env;
    for (const auto* more : {&job.env, &request.env}) {
      for (const auto& [name, value] : *more) {
        plan.env[name] = value;
      }
    }
    // What the contract promises is not for configuration to change.
    for (const char* name : {"RESULTS_DIR", "DESC_FD", "SOURCE_DIR", "SCRATCH_DIR"}) {
      plan.env[name] = own.at(name);
    }
    if (!request.warm.empty()) {
      plan.env["WARM_DIR"] = inside_warm;
    }
    if (!plan.git_dir.empty()) {
      plan.env["GIT_DIR"] = inside_git;
      plan.env["GIT_WORK_TREE"] = inside_source;
      plan.env["GIT_OPTIONAL_LOCKS"] = "0";
    }
    return plan;
  }

  static Result<Handed> hand_over(const SandboxPlan& plan) {
    Handed handed;
    PM_TRY_ASSIGN(handed.status, make_pipe());
    PM_TRY_ASSIGN(handed.description, make_pipe());
    const auto files = etc_files(plan);
    const auto give = [&](int number, Fd fd) {
      handed.numbers[number] = fd.get();
      handed.files.push_back(std::move(fd));
    };
    PM_TRY_ASSIGN(auto args, memory_file("arguments", bubblewrap_arguments(plan, files)));
    give(args_fd, std::move(args));
    PM_TRY_ASSIGN(auto filter, seccomp_filter());
    give(seccomp_fd, std::move(filter));
    int number = first_file_fd;
    for (const EtcFile& file : files) {
      PM_TRY_ASSIGN(auto content, memory_file("etc", file.content));
      give(number++, std::move(content));
    }
    handed.numbers[desc_fd] = handed.description.write.get();
    handed.numbers[status_fd] = handed.status.write.get();
    return handed;
  }

  static WatchLimits watch_of(const RunRequest& request, const RunCgroup& group) {
    const pipeline::JobLimits& limits = request.job->limits;
    WatchLimits watch;
    watch.timeout = limits.timeout;
    watch.disk_bytes = limits.disk_bytes;
    watch.folders = {request.scratch};
    if (!request.warm.empty()) {
      watch.folders.push_back(request.warm);
    }
    watch.resident_bytes = group.limits_memory() ? 0 : limits.memory_bytes;
    return watch;
  }

  static Result<RunOutcome> run_plan(const RunRequest& request, const SandboxPlan& plan,
                                     WatchLimits watch, const std::string& bubblewrap,
                                     RunCgroup& group,
                                     const std::function<void(std::string_view)>& on_log) {
    const pipeline::JobLimits& limits = request.job->limits;
    PM_TRY_ASSIGN(auto handed, hand_over(plan));
    Watchdog watchdog(std::move(watch), std::move(handed.status.read),
                      std::move(handed.description.read));
    // Beside the job's folders: the same disk, and out of its reach.
    PM_TRY_ASSIGN(JobLog log, JobLog::make(request.scratch.parent_path()));
    LogPump pump(limits.output_bytes, [&](std::string_view text) {
      if (!log.append(text)) {
        watchdog.kill(KillReason::disk_full);
      }
      if (on_log) {
        on_log(text);
      }
    });

    Command command;
    command.argv = sandbox_argv(plan, bubblewrap);
    command.inherit_env = false;  // /proc/1/environ can be read inside
    command.env = {{"PATH", "/usr/bin:/bin"}};
    command.cwd = "/";
    command.timeout = limits.timeout.count() > 0
                          ? std::chrono::milliseconds(limits.timeout + backstop)
                          : std::chrono::milliseconds(std::chrono::hours(24 * 365));
    command.merge_stderr = true;
    command.pass_fds = handed.numbers;
    command.on_output = [&](std::string_view piece) {
      if (!pump.push(piece)) {
        watchdog.kill(KillReason::output);
      }
    };
    SystemProcessRunner runner;
    const std::stop_callback cancel(request.stop, [&] { watchdog.kill(KillReason::cancelled); });
    const auto completed = runner.run(command);
    handed.status.write.reset();
    handed.description.write.reset();
    const bool ended = watchdog.finish();
    const bool empty = group.kill_all();
    pump.finish();
    if (!completed) {
      return fail_with("the sandbox could not be started", completed.error());
    }
    if (!ended || !empty) {
      return fail(ErrorKind::infrastructure,
                  fmt::format("processes of job {} cannot be killed; look for processes in state D",
                              request.job->name));
    }
    return conclude(request, *completed, watchdog, group, std::move(log), pump.cut());
  }

  // Leaves folders that the caller can remove and the next run can use.
  static void clean_up(const RunRequest& request, KillReason killed, RunOutcome& outcome) {
    if (killed == KillReason::disk || killed == KillReason::uncountable) {
      // A build folder that is too big or too deep would end every later run; the scratch folder
      // may be too deep for ordinary ways to remove it.
      const fs::path own = request.job->own_source ? request.own_source / "src" : fs::path();
      for (const fs::path& folder : {request.scratch, request.warm, own}) {
        if (!folder.empty() && !empty_folder(folder)) {
          outcome.problems.push_back("cannot empty " + folder.string());
        }
      }
      outcome.artifacts.clear();
    }
  }

  static Result<RunOutcome> conclude(const RunRequest& request, const Completed& completed,
                                     const Watchdog& watchdog, const RunCgroup& group, JobLog log,
                                     bool cut) {
    RunOutcome outcome;
    outcome.log = std::move(log);
    outcome.output_cut = cut;
    outcome.elapsed = completed.elapsed;
    RunEnd end;
    end.killed = watchdog.reason();
    end.out_of_memory = group.out_of_memory();
    end.out_of_processes = group.out_of_processes();
    if (completed.timed_out && end.killed == KillReason::none) {
      end.killed = KillReason::deadline;
    }
    if (watchdog.exit_code()) {
      end.status = *watchdog.exit_code();
    } else if (end.killed == KillReason::none && !end.out_of_memory && completed.signal == 0) {
      // The command never started: what was printed is bubblewrap's complaint.
      return fail(ErrorKind::infrastructure,
                  fmt::format("the sandbox could not be made: {}; patchmill doctor says what is "
                              "missing",
                              ellipsize(escape_terminal(trim(outcome.log.text(0, 4096))), 400)));
    }
    const auto own_words = after_mark(watchdog.description());
    if (watchdog.exit_code() && !own_words && is_of_preamble(end.status) &&
        end.killed == KillReason::none && !end.out_of_memory && !end.out_of_processes) {
      // What comes before the job ended so, and not the job.
      return fail(ErrorKind::infrastructure,
                  fmt::format("job {} could not be started with its limits: {}; `ulimit -H -a` as "
                              "the user patchmill runs as says what they may be",
                              request.job->name,
                              ellipsize(escape_terminal(trim(outcome.log.text(0, 4096))), 400)));
    }
    const Meaning meaning = meaning_of(end, request.job->limits);
    outcome.verdict = meaning.verdict;
    outcome.cause = meaning.cause;
    outcome.exit_status = end.status;
    outcome.killed_at_deadline = end.killed == KillReason::deadline;
    outcome.cancelled = end.killed == KillReason::cancelled;
    outcome.out_of_memory = end.out_of_memory || end.killed == KillReason::memory;
    outcome.disk_exceeded = end.killed == KillReason::disk ||
                            end.killed == KillReason::uncountable || end.status == 128 + SIGXFSZ;
    const std::string description = clean_description(own_words.value_or(std::string_view()));
    const bool described = !description.empty() && outcome.verdict != findings::Verdict::incomplete;
    outcome.summary = described ? description : meaning.summary;
    read_results(*request.job, described, outcome);
    auto artifacts = collect_artifacts(request.scratch / "results", request.job->artifacts);
    outcome.artifacts = std::move(artifacts.files);
    outcome.problems = std::move(artifacts.problems);
    clean_up(request, end.killed, outcome);
    return outcome;
  }
};

}  // namespace

std::unique_ptr<Runtime> make_local_runtime() {
  return std::make_unique<LocalRuntime>();
}

}  // namespace patchmill::runtimes
