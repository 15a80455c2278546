#pragma once
// Running other programs. No other file of patchmill forks.

#include "util/fd.hpp"
#include "util/result.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill {

// What to run. The program is looked up in PATH of `env`, or of the parent when `env` lacks PATH.
struct Command {
  std::vector<std::string> argv;           // argv[0] is the program
  std::string cwd;                         // empty: the parent's
  std::map<std::string, std::string> env;  // the child's whole environment when !inherit_env
  bool inherit_env = true;                 // start from the parent's environment, then apply env
  std::string input;                       // fed to standard input; always closed afterwards
  std::chrono::milliseconds timeout = std::chrono::minutes(10);
  std::size_t max_output = 64u << 20;  // bytes kept of each of stdout and stderr
  bool merge_stderr = false;           // stderr goes where stdout goes
  // Called with each piece of stdout as it arrives, instead of keeping it in Completed::out.
  std::function<void(std::string_view)> on_output;
  // Passed on to the child under these descriptor numbers (>= 3); owned by the caller.
  std::map<int, int> pass_fds;  // child's number -> parent's descriptor
};

// How it ended.
struct Completed {
  int status = -1;         // exit status, or -1 when killed by a signal
  int signal = 0;          // the signal that ended it, or 0
  bool timed_out = false;  // killed by us at the deadline
  bool cancelled = false;  // killed because its CancelScope said so (util/cancel.hpp)
  bool truncated = false;  // output beyond max_output was read and thrown away
  std::string out;
  std::string err;
  std::chrono::milliseconds elapsed{0};

  [[nodiscard]] bool ok() const { return status == 0 && signal == 0; }
};

// The seam for processes.
class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;
  // Runs to the end in a session of its own; at the deadline the whole process group is killed.
  // Error (infrastructure) only when the program could not be started.
  virtual Result<Completed> run(const Command& command) = 0;
};

// posix_spawn and pidfd. Thread-safe; several threads may run commands at once.
class SystemProcessRunner final : public ProcessRunner {
 public:
  Result<Completed> run(const Command& command) override;
};

// A long-lived child spoken to over pipes (cat-file --batch and the like). Killed on destruction.
// Its stderr is thrown away unless merge_stderr; Command::timeout bounds each single wait for it.
class ChildProcess {
 public:
  static Result<std::unique_ptr<ChildProcess>> start(const Command& command);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Blocking; an error means the child is gone. Output that arrives while writing is buffered.
  Result<void> write(std::string_view data);
  Result<std::string> read_line();  // without the newline; at most 1 MiB
  Result<std::string> read_exact(std::size_t n);
  void close_input();

 private:
  ChildProcess() = default;
  [[nodiscard]] tl::unexpected<Error> gone(std::string_view why) const;
  bool read_some();
  Result<void> fill();

  pid_t m_pid = -1;
  std::string m_name;
  std::chrono::milliseconds m_timeout{0};
  Fd m_in, m_out;
  std::string m_buffer;
  std::size_t m_buffer_pos = 0;
};

// Full path of a program in PATH, if it is installed.
std::optional<std::string> find_program(std::string_view name);

}  // namespace patchmill
