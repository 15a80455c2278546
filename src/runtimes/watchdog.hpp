#pragma once
// Watches a sandbox while it runs: reads its reports and its description, and ends it at its
// deadline or when it takes more than it may.

#include "runtimes/exit_status.hpp"
#include "util/fd.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace patchmill::runtimes {

struct WatchLimits {
  std::chrono::milliseconds timeout{0};  // 0: none
  std::uint64_t disk_bytes = 0;          // of `folders` together; 0: none
  std::vector<std::filesystem::path> folders;
  std::uint64_t disk_before = 0;     // what was there already and does not count
  std::uint64_t resident_bytes = 0;  // 0: none, or a control group counts it
};

class Watchdog {
 public:
  // `status`: the reading end of bubblewrap's --json-status-fd; `description`: of DESC_FD.
  Watchdog(WatchLimits limits, Fd status, Fd description);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // Ends the run, from any thread; the first reason stands.
  void kill(KillReason reason);
  // After the sandbox's own process has ended: waits for its last process, then stops watching.
  // False when something survived even SIGKILL for five seconds.
  bool finish();

  // After finish().
  [[nodiscard]] KillReason reason() const { return m_reason; }
  [[nodiscard]] const std::string& description() const { return m_description; }
  // The job's exit status; empty when its command was never started.
  [[nodiscard]] std::optional<int> exit_code() const { return m_exit_code; }

 private:
  void watch();
  void read_status();
  void read_description();
  void check_disk();
  void check_memory();
  void kill_now();

  WatchLimits m_limits;
  Fd m_status, m_description_fd, m_wake;
  std::atomic<KillReason> m_reason{KillReason::none};
  std::mutex m_mutex;  // guards m_init
  Fd m_init;           // pidfd of the first process inside
  std::atomic<int> m_init_pid{0};
  std::string m_reports, m_description;
  std::optional<int> m_exit_code;
  std::chrono::steady_clock::time_point m_started, m_next_walk;
  std::uint64_t m_free_at_walk = 0;
  std::atomic<bool> m_stop{false};
  std::thread m_thread;
};

}  // namespace patchmill::runtimes
