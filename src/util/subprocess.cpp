#include "util/subprocess.hpp"

#include "util/cancel.hpp"
#include "util/spawn.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace patchmill {
namespace {

using SteadyClock = std::chrono::steady_clock;

// How long output of processes left behind by the command is still awaited once it has ended.
constexpr std::chrono::milliseconds leftover_grace(500);

// Ends and reaps the child however its owner is left.
class Reaper {
 public:
  explicit Reaper(pid_t pid) : m_pid(pid) {}
  ~Reaper() {
    if (m_pid > 0) {
      kill_group();
      reap();
    }
  }
  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;

  // The number cannot have been given to somebody else: the child is not reaped yet.
  void kill_group() const { ::kill(-m_pid, SIGKILL); }
  void ask_group_to_end() const { ::kill(-m_pid, SIGTERM); }

  int reap() {
    int status = 0;
    while (::waitpid(m_pid, &status, 0) < 0 && errno == EINTR) {
    }
    m_pid = -1;
    return status;
  }

 private:
  pid_t m_pid;
};

// The three streams of a running command and what came out of them.
class Exchange {
 public:
  Exchange(const Command& command, Completed& result) : m_command(command), m_result(result) {}

  Result<detail::Spawned> start();
  void run(detail::Spawned& child, Reaper& reaper);

 private:
  void feed();
  void drain(Fd& fd, bool is_stdout);
  [[nodiscard]] bool streams_open() const { return m_out.valid() || m_err.valid(); }

  const Command& m_command;
  Completed& m_result;
  Fd m_in, m_out, m_err;
  std::size_t m_fed = 0;
};

Result<detail::Spawned> Exchange::start() {
  PM_TRY_ASSIGN(auto in, detail::make_pipe());
  PM_TRY_ASSIGN(auto out, detail::make_pipe());
  detail::Pipe err;
  if (!m_command.merge_stderr) {
    PM_TRY_ASSIGN(err, detail::make_pipe());
  }
  const int child_err = m_command.merge_stderr ? out.write.get() : err.write.get();
  PM_TRY_ASSIGN(auto child, detail::spawn(m_command, {in.read.get(), out.write.get(), child_err}));
  m_in = std::move(in.write);
  m_out = std::move(out.read);
  m_err = std::move(err.read);
  for (const Fd* fd : {&m_in, &m_out, &m_err}) {
    if (fd->valid()) {
      detail::set_nonblocking(fd->get());
    }
  }
  return child;
}

void Exchange::feed() {
  while (m_fed < m_command.input.size()) {
    const auto n = detail::write_no_sigpipe(
        m_in.get(), std::string_view(m_command.input).substr(m_fed, 1u << 20));
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0 && errno == EAGAIN) {
      return;
    }
    if (n < 0) {
      break;  // the child does not want the rest
    }
    m_fed += static_cast<std::size_t>(n);
  }
  m_in.reset();
}

void Exchange::drain(Fd& fd, bool is_stdout) {
  // A bounded number of reads, so that an endless writer cannot keep us from the deadline.
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): read() fills what is looked at
  std::array<char, 65536> buffer;
  for (int round = 0; round < 16; ++round) {
    const auto n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0 && errno == EAGAIN) {
      return;
    }
    if (n <= 0) {
      fd.reset();
      return;
    }
    const std::string_view piece(buffer.data(), static_cast<std::size_t>(n));
    if (is_stdout && m_command.on_output) {
      m_command.on_output(piece);
      continue;
    }
    auto& kept = is_stdout ? m_result.out : m_result.err;
    const auto room = m_command.max_output - std::min(m_command.max_output, kept.size());
    kept.append(piece.substr(0, room));
    m_result.truncated = m_result.truncated || piece.size() > room;
  }
}

void Exchange::run(detail::Spawned& child, Reaper& reaper) {
  const auto started = SteadyClock::now();
  auto deadline = started + m_command.timeout;
  bool ended = false;
  bool killed = false;
  int cancel = CancelScope::current();
  feed();
  while (!ended || streams_open()) {
    const auto now = SteadyClock::now();
    if (now >= deadline) {
      if (killed && ended) {
        break;  // a process that left the group still holds our pipe: not worth waiting for
      }
      // Before the end this is the time limit; after it, processes left behind are cleared away.
      m_result.timed_out = m_result.timed_out || (!ended && !m_result.cancelled);
      reaper.kill_group();
      killed = true;
      deadline = now + leftover_grace;
    }
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count();
    std::array<pollfd, 5> polled{{{m_in.get(), POLLOUT, 0},
                                  {m_out.get(), POLLIN, 0},
                                  {m_err.get(), POLLIN, 0},
                                  {ended ? -1 : child.pidfd.get(), POLLIN, 0},
                                  {ended ? -1 : cancel, POLLIN, 0}}};
    ::poll(polled.data(), polled.size(),
           static_cast<int>(std::clamp<std::int64_t>(wait, 0, 60'000)));
    if (polled[0].revents != 0) {
      feed();
    }
    if (polled[1].revents != 0) {
      drain(m_out, true);
    }
    if (polled[2].revents != 0) {
      drain(m_err, false);
    }
    if (polled[4].revents != 0) {
      // A git that is killed leaves its locks, and nobody takes them away; told to end it does so
      // at once.
      m_result.cancelled = true;
      reaper.ask_group_to_end();
      cancel = -1;
      deadline = std::min(deadline, SteadyClock::now() + leftover_grace);
    }
    if (polled[3].revents != 0) {
      ended = true;
      m_in.reset();
      deadline = std::min(deadline, SteadyClock::now() + leftover_grace);
    }
  }
  if (!killed) {
    reaper.kill_group();  // whoever was left behind with its streams closed
  }
  const int status = reaper.reap();
  m_result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  m_result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  m_result.elapsed =
      std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - started);
}

}  // namespace

Result<Completed> SystemProcessRunner::run(const Command& command) {
  Completed result;
  Exchange exchange(command, result);
  PM_TRY_ASSIGN(auto child, exchange.start());
  Reaper reaper(child.pid);
  exchange.run(child, reaper);
  return result;
}

}  // namespace patchmill
