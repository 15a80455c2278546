#include "runtimes/watchdog.hpp"

#include "runtimes/process_tree.hpp"
#include "runtimes/tree_walk.hpp"
#include "util/text.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace patchmill::runtimes {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds tick(50);
constexpr std::size_t max_reports = 64u << 10;
constexpr std::size_t max_description = 2048;  // the mark of its start, then 1 KiB of the job's
// A disk with less than this is full for our purposes: other services need room to write.
constexpr std::uint64_t least_free = 256u << 20;

// The number after "name": in bubblewrap's reports.
std::optional<int> report_number(std::string_view reports, std::string_view name) {
  const auto at = reports.find(name);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view rest = trim(reports.substr(at + name.size()));
  const auto end = rest.find_first_not_of("0123456789");
  if (end == std::string_view::npos) {
    return std::nullopt;  // the rest of the number is still to come
  }
  const auto number = parse_uint(rest.substr(0, end));
  return number ? std::optional<int>(static_cast<int>(*number)) : std::nullopt;
}

std::uint64_t free_bytes(const std::filesystem::path& folder) {
  struct statvfs info{};
  if (::statvfs(folder.c_str(), &info) != 0) {
    return ~std::uint64_t{0};
  }
  return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

void set_nonblocking(const Fd& fd) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

}  // namespace

Watchdog::Watchdog(WatchLimits limits, Fd status, Fd description)
    : m_limits(std::move(limits)),
      m_status(std::move(status)),
      m_description_fd(std::move(description)),
      m_wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      m_started(steady_clock::now()),
      m_next_walk(m_started) {
  set_nonblocking(m_status);
  set_nonblocking(m_description_fd);
  m_thread = std::thread([this] { watch(); });
}

Watchdog::~Watchdog() {
  if (m_thread.joinable()) {
    kill(KillReason::deadline);
    finish();
  }
}

void Watchdog::kill(KillReason reason) {
  KillReason expected = KillReason::none;
  m_reason.compare_exchange_strong(expected, reason);
  kill_now();
}

void Watchdog::kill_now() {
  const std::lock_guard lock(m_mutex);
  if (m_init.valid()) {
    // The first process of a pid namespace takes everybody in it along.
    ::syscall(SYS_pidfd_send_signal, m_init.get(), SIGKILL, nullptr, 0);
  }
}

bool Watchdog::finish() {
  m_stop = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(m_wake.get(), &one, sizeof one);
  m_thread.join();
  // Whatever a quick run left counts as well, also behind closed folders.
  for (const auto& folder : m_limits.folders) {
    if (::geteuid() != 0) {
      make_removable(folder);
    }
  }
  m_next_walk = steady_clock::time_point();
  check_disk();
  read_status();
  read_description();
  const std::lock_guard lock(m_mutex);
  if (!m_init.valid()) {
    return true;
  }
  ::syscall(SYS_pidfd_send_signal, m_init.get(), SIGKILL, nullptr, 0);
  // It can be seen as ended only after everybody else in the namespace.
  pollfd polled{m_init.get(), POLLIN, 0};
  return ::poll(&polled, 1, 5000) == 1;
}

void Watchdog::watch() {
  auto next_memory = m_started;
  while (!m_stop) {
    const auto now = steady_clock::now();
    if (m_limits.timeout.count() > 0 && now - m_started >= m_limits.timeout) {
      kill(KillReason::deadline);
    } else if (m_reason.load() != KillReason::none) {
      kill_now();  // it may have been asked for before there was anybody to kill
    } else if (now >= next_memory) {
      check_memory();
      check_disk();
      next_memory = now + tick;
    }
    std::array<pollfd, 3> polled{
        {{m_wake.get(), POLLIN, 0},
         {m_status.valid() ? m_status.get() : -1, POLLIN, 0},
         {m_description_fd.valid() ? m_description_fd.get() : -1, POLLIN, 0}}};
    ::poll(polled.data(), polled.size(), static_cast<int>(tick.count()));
    if (polled[1].revents != 0) {
      read_status();
    }
    if (polled[2].revents != 0) {
      read_description();
    }
  }
}

void Watchdog::read_status() {
  char buffer[4096];
  while (m_status.valid()) {
    const auto n = ::read(m_status.get(), buffer, sizeof buffer);
    if (n <= 0) {
      if (n == 0) {
        m_status.reset();
      }
      break;
    }
    if (m_reports.size() < max_reports) {
      m_reports.append(buffer, static_cast<std::size_t>(n));
    }
  }
  m_exit_code = report_number(m_reports, "\"exit-code\":");
  if (m_init_pid == 0) {
    if (const auto pid = report_number(m_reports, "\"child-pid\":"); pid && *pid > 1) {
      const std::lock_guard lock(m_mutex);
      m_init = Fd(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
      m_init_pid = *pid;
    }
  }
}

void Watchdog::read_description() {
  // A bounded number of reads a turn: an endless writer must not keep us from the deadline.
  char buffer[16384];
  for (int round = 0; round < 16 && m_description_fd.valid(); ++round) {
    const auto n = ::read(m_description_fd.get(), buffer, sizeof buffer);
    if (n <= 0) {
      if (n == 0) {
        m_description_fd.reset();
      }
      return;
    }
    const std::size_t room = max_description - m_description.size();
    m_description.append(buffer, std::min(static_cast<std::size_t>(n), room));
  }
}

void Watchdog::check_memory() {
  if (m_limits.resident_bytes != 0 && m_init_pid > 0 &&
      resident_bytes(descendants(m_init_pid)) > m_limits.resident_bytes) {
    kill(KillReason::memory);
  }
}

void Watchdog::check_disk() {
  if (m_limits.disk_bytes == 0 || m_limits.folders.empty()) {
    return;
  }
  const auto now = steady_clock::now();
  const std::uint64_t free = free_bytes(m_limits.folders.front());
  if (free < least_free) {
    kill(KillReason::disk_full);
    return;
  }
  // A walk costs; the free space tells cheaply when one cannot wait.
  const bool shrinking = free + m_limits.disk_bytes / 8 < m_free_at_walk;
  if (now < m_next_walk && !shrinking) {
    return;
  }
  m_free_at_walk = free;
  std::uint64_t used = 0;
  for (const auto& folder : m_limits.folders) {
    const DiskUsage usage = disk_usage(folder);
    used += usage.bytes;
    if (usage.end == WalkEnd::too_deep || usage.end == WalkEnd::too_many) {
      kill(KillReason::uncountable);
      return;
    }
  }
  struct stat info{};
  if (m_init_pid > 0 && ::stat(m_limits.folders.front().c_str(), &info) == 0) {
    used += deleted_open_bytes(descendants(m_init_pid), info.st_dev);
  }
  if (used > m_limits.disk_bytes + m_limits.disk_before) {
    kill(KillReason::disk);
  }
  const auto cost = steady_clock::now() - now;
  m_next_walk =
      steady_clock::now() + std::max<steady_clock::duration>(milliseconds(500), cost * 30);
}

}  // namespace patchmill::runtimes
