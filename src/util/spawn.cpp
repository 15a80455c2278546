#include "util/spawn.hpp"

#include "util/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace patchmill {
namespace {

constexpr int max_child_fd = 255;

std::string error_text(int code) {
  return std::generic_category().message(code);
}

bool is_executable_file(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

std::optional<std::string> find_in(std::string_view name, std::string_view search_path) {
  for (const auto folder : split(search_path, ':')) {
    const std::string candidate = fmt::format("{}/{}", folder.empty() ? "." : folder, name);
    if (is_executable_file(candidate)) {
      return candidate;
    }
  }
  return std::nullopt;
}

std::string parent_path() {
  const char* path = std::getenv("PATH");
  return path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
}

std::vector<std::string> environment_of(const Command& command) {
  std::vector<std::string> result;
  if (command.inherit_env) {
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string_view text(*entry);
      if (!command.env.contains(std::string(text.substr(0, text.find('='))))) {
        result.emplace_back(text);
      }
    }
  }
  for (const auto& [name, value] : command.env) {
    result.push_back(name + "=" + value);
  }
  return result;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (auto& text : strings) {
    result.push_back(text.data());
  }
  result.push_back(nullptr);
  return result;
}

// Owner of the two posix_spawn objects.
struct SpawnPlan {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int error = 0;  // the first one

  SpawnPlan() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  void note(int code) { error = error != 0 ? error : code; }
};

void plan_signals(SpawnPlan& plan) {
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  plan.note(posix_spawnattr_setsigmask(&plan.attributes, &none));
  plan.note(posix_spawnattr_setsigdefault(&plan.attributes, &all));
  plan.note(posix_spawnattr_setflags(
      &plan.attributes,
      static_cast<short>(POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)));
}

// Duplicates every source above all targets first: a target number may be in use as the source
// of another one. `held` keeps the duplicates open until the child runs.
void plan_descriptors(SpawnPlan& plan, const std::map<int, int>& wanted, std::vector<Fd>& held) {
  const int last = wanted.rbegin()->first;
  std::map<int, int> sources;
  for (const auto& [target, source] : wanted) {
    Fd copy(::fcntl(source, F_DUPFD_CLOEXEC, last + 1));
    if (!copy.valid()) {
      plan.note(errno);
      return;
    }
    sources[target] = copy.get();
    held.push_back(std::move(copy));
  }
  for (int target = 0; target <= last; ++target) {
    if (const auto it = sources.find(target); it != sources.end()) {
      plan.note(posix_spawn_file_actions_adddup2(&plan.actions, it->second, target));
    } else {
      plan.note(posix_spawn_file_actions_addclose(&plan.actions, target));
    }
  }
  plan.note(posix_spawn_file_actions_addclosefrom_np(&plan.actions, last + 1));
}

Result<std::string> program_of(const Command& command) {
  const auto& name = command.argv.front();
  if (name.find('/') != std::string::npos) {
    return name;
  }
  const auto path = command.env.find("PATH");
  auto found = find_in(name, path != command.env.end() ? path->second : parent_path());
  if (!found) {
    return fail(ErrorKind::infrastructure,
                fmt::format("cannot run '{}': no such program in PATH; install it or set PATH",
                            escape_terminal(name)));
  }
  // A relative entry of PATH means the parent's folder, not Command::cwd.
  return found->front() == '/' ? *found : std::filesystem::absolute(*found).string();
}

Result<void> check(const Command& command) {
  const auto has_nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  if (command.argv.empty() || command.argv.front().empty()) {
    return fail(ErrorKind::infrastructure, "cannot run a command without a program name");
  }
  const bool bad_env = std::any_of(command.env.begin(), command.env.end(), [&](const auto& entry) {
    return has_nul(entry.first) || has_nul(entry.second) || entry.first.empty() ||
           entry.first.find('=') != std::string::npos;
  });
  if (bad_env || has_nul(command.cwd) ||
      std::any_of(command.argv.begin(), command.argv.end(), has_nul)) {
    return fail(ErrorKind::infrastructure,
                fmt::format("cannot run '{}': an argument or environment entry is not usable "
                            "(NUL byte or bad name)",
                            escape_terminal(command.argv.front())));
  }
  for (const auto& [target, source] : command.pass_fds) {
    if (target < 3 || target > max_child_fd || source < 0) {
      return fail(ErrorKind::infrastructure,
                  fmt::format("cannot pass descriptor {} as {} to '{}' (3 to {} are possible)",
                              source, target, escape_terminal(command.argv.front()), max_child_fd));
    }
  }
  return {};
}

}  // namespace

std::optional<std::string> find_program(std::string_view name) {
  if (name.empty()) {
    return std::nullopt;
  }
  if (name.find('/') != std::string_view::npos) {
    const std::string path(name);
    return is_executable_file(path) ? std::optional(path) : std::nullopt;
  }
  return find_in(name, parent_path());
}

namespace detail {

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return fail(ErrorKind::infrastructure, "cannot make a pipe: " + error_text(errno));
  }
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

Result<Spawned> spawn(const Command& command, const StandardStreams& streams) {
  PM_TRY(check(command));
  PM_TRY_ASSIGN(const std::string program, program_of(command));
  std::vector<std::string> arguments = command.argv;
  std::vector<std::string> environment = environment_of(command);
  auto argv = pointers_to(arguments);
  auto envp = pointers_to(environment);

  SpawnPlan plan;
  std::vector<Fd> held;
  plan_signals(plan);
  std::map<int, int> wanted = command.pass_fds;
  wanted[0] = streams.in;
  wanted[1] = streams.out;
  wanted[2] = streams.err;
  plan_descriptors(plan, wanted, held);
  if (!command.cwd.empty()) {
    plan.note(posix_spawn_file_actions_addchdir_np(&plan.actions, command.cwd.c_str()));
  }

  Spawned child;
  int error = plan.error;
  if (error == 0) {
    error = ::posix_spawn(&child.pid, program.c_str(), &plan.actions, &plan.attributes, argv.data(),
                          envp.data());
  }
  if (error != 0) {
    const std::string in = command.cwd.empty() ? "" : " in " + escape_terminal(command.cwd);
    return fail(
        ErrorKind::infrastructure,
        fmt::format("cannot run '{}'{}: {}", escape_terminal(program), in, error_text(error)));
  }
  child.pidfd = Fd(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0)));
  if (!child.pidfd.valid()) {
    const int code = errno;
    ::kill(-child.pid, SIGKILL);
    ::waitpid(child.pid, nullptr, 0);
    return fail(ErrorKind::infrastructure, "cannot watch a process: " + error_text(code));
  }
  return child;
}

ssize_t write_no_sigpipe(int fd, std::string_view data) {
  sigset_t pipe_signal;
  sigset_t pending;
  sigset_t before;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  sigpending(&pending);
  const bool was_pending = sigismember(&pending, SIGPIPE) == 1;
  pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  const auto n = ::write(fd, data.data(), data.size());
  const int code = errno;
  if (n < 0 && code == EPIPE && !was_pending) {
    // The signal is pending for this thread; take it away before unblocking.
    const timespec now{};
    while (::sigtimedwait(&pipe_signal, nullptr, &now) < 0 && errno == EINTR) {
    }
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = code;
  return n;
}

bool set_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

}  // namespace detail
}  // namespace patchmill
