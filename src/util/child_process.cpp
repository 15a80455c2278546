#include "util/cancel.hpp"
#include "util/spawn.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace patchmill {
namespace {

constexpr std::size_t max_line = 1u << 20;
constexpr std::size_t read_step = 1u << 18;

int poll_timeout(std::chrono::milliseconds timeout) {
  return static_cast<int>(std::clamp<std::int64_t>(timeout.count(), 1, 24 * 3600 * 1000));
}

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(const Command& command) {
  PM_TRY_ASSIGN(auto in, detail::make_pipe());
  PM_TRY_ASSIGN(auto out, detail::make_pipe());
  const Fd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  const int err = command.merge_stderr ? out.write.get() : nowhere.get();
  PM_TRY_ASSIGN(auto child, detail::spawn(command, {in.read.get(), out.write.get(), err}));
  std::unique_ptr<ChildProcess> process(new ChildProcess());
  process->m_pid = child.pid;
  process->m_in = std::move(in.write);
  process->m_out = std::move(out.read);
  process->m_name = escape_terminal(command.argv.front());
  process->m_timeout = command.timeout;
  detail::set_nonblocking(process->m_in.get());
  detail::set_nonblocking(process->m_out.get());
  return process;
}

ChildProcess::~ChildProcess() {
  if (m_pid > 0) {
    ::kill(-m_pid, SIGKILL);
    while (::waitpid(m_pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

void ChildProcess::close_input() {
  m_in.reset();
}

tl::unexpected<Error> ChildProcess::gone(std::string_view why) const {
  return fail(ErrorKind::infrastructure, fmt::format("'{}' {}", m_name, why));
}

// Reads what is there into the buffer. False at the end of the output.
bool ChildProcess::read_some() {
  if (m_buffer_pos > 0 && m_buffer_pos >= m_buffer.size() / 2) {
    m_buffer.erase(0, m_buffer_pos);
    m_buffer_pos = 0;
  }
  const auto used = m_buffer.size();
  m_buffer.resize(used + read_step);
  const auto n = ::read(m_out.get(), m_buffer.data() + used, read_step);
  const int code = errno;
  m_buffer.resize(used + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  return n > 0 || (n < 0 && (code == EAGAIN || code == EINTR));
}

// Waits for output and reads it.
Result<void> ChildProcess::fill() {
  std::array<pollfd, 2> polled{{{m_out.get(), POLLIN, 0}, {CancelScope::current(), POLLIN, 0}}};
  const int ready = ::poll(polled.data(), polled.size(), poll_timeout(m_timeout));
  if (ready > 0 && polled[1].revents != 0) {
    return gone("was called off");
  }
  if (ready == 0) {
    return gone(fmt::format("gave no answer for {} s", m_timeout.count() / 1000));
  }
  if (ready > 0 && !read_some()) {
    return gone("ended without giving an answer");
  }
  return {};
}

Result<void> ChildProcess::write(std::string_view data) {
  while (!data.empty()) {
    if (!m_in.valid()) {
      return gone("takes no input any more");
    }
    const auto n = detail::write_no_sigpipe(m_in.get(), data);
    if (n >= 0) {
      data.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (errno == EINTR) {
      continue;
    }
    if (errno != EAGAIN) {
      return gone("ended while it was given input");
    }
    // The child may wait for us to read before it reads on.
    std::array<pollfd, 2> polled{{{m_in.get(), POLLOUT, 0}, {m_out.get(), POLLIN, 0}}};
    if (::poll(polled.data(), polled.size(), poll_timeout(m_timeout)) == 0) {
      return gone(fmt::format("took no input for {} s", m_timeout.count() / 1000));
    }
    if (polled[1].revents != 0 && !read_some()) {
      return gone("ended while it was given input");
    }
  }
  return {};
}

Result<std::string> ChildProcess::read_line() {
  std::size_t searched = m_buffer_pos;
  while (true) {
    const auto end = m_buffer.find('\n', searched);
    if (end != std::string::npos) {
      std::string line = m_buffer.substr(m_buffer_pos, end - m_buffer_pos);
      m_buffer_pos = end + 1;
      return line;
    }
    const auto unread = m_buffer.size() - m_buffer_pos;
    if (unread > max_line) {
      return gone("answered with a line of more than 1 MiB");
    }
    PM_TRY(fill());
    searched = m_buffer_pos + unread;
  }
}

Result<std::string> ChildProcess::read_exact(std::size_t n) {
  while (m_buffer.size() - m_buffer_pos < n) {
    PM_TRY(fill());
  }
  std::string result = m_buffer.substr(m_buffer_pos, n);
  m_buffer_pos += n;
  return result;
}

}  // namespace patchmill
