#pragma once
// The thread that mails: decides about verdicts, sends what is due, makes digests.

#include "app/config.hpp"
#include "util/clock.hpp"
#include "util/subprocess.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

namespace patchmill::service {

class MailWork;

// For status and metrics.
struct MailCounters {
  // Since the thread was started. `deferred` counts tries, the others mails.
  std::int64_t decided = 0, sent = 0, deferred = 0, failed = 0, in_doubt = 0, dropped = 0;
  // In the store when it was last looked at.
  std::int64_t queued = 0, held = 0, doubtful = 0, undecided = 0;
  bool store_is_there = true;
  std::string last_error;  // for people; empty: none
  std::optional<Timestamp> last_error_time;
};

class MailThread {
 public:
  struct Options {
    std::chrono::milliseconds interval = std::chrono::seconds(5);
    // When the store fails: waits this long, then twice as long, up to the longest.
    std::chrono::milliseconds first_pause = std::chrono::seconds(1);
    std::chrono::milliseconds longest_pause = std::chrono::minutes(1);
  };
  // `clock` and `processes` outlive it. Nothing runs before start().
  MailThread(app::Config config, const Clock& clock, ProcessRunner& processes, Options options);
  MailThread(app::Config config, const Clock& clock, ProcessRunner& processes);
  ~MailThread();  // stop()
  MailThread(const MailThread&) = delete;
  MailThread& operator=(const MailThread&) = delete;

  // The store's schema is there already. Where the configuration mails nothing, it waits for one
  // that does.
  void start();
  // Counts as soon as the mail that is being handed over is done with.
  void set_config(app::Config config);
  // There may be something to do: a verdict was set, a mail released. From any thread.
  void wake();
  // Ends within a second, also in the middle of a delivery; a mail that was not handed over is due
  // again, one that was is in doubt unless its answer comes at once.
  void stop();
  // Asks for that and does not wait.
  void ask_to_stop() { m_thread.request_stop(); }
  [[nodiscard]] MailCounters counters() const;

 private:
  void run(const std::stop_token& stop);
  void work(MailWork& work);
  // The configuration to work by from now on.
  app::Config take_config();
  [[nodiscard]] bool has_new_config() const;
  // Returns early when woken, by a new configuration (`wakeable`), or stopped.
  void pause(const std::stop_token& stop, std::chrono::milliseconds time, bool wakeable);
  void note(const std::string& error, bool of_store);

  const Clock& m_clock;
  ProcessRunner& m_processes;
  Options m_options;
  mutable std::mutex m_mutex;
  std::condition_variable_any m_change;
  app::Config m_config;
  bool m_new_config = true;
  bool m_woken = false;
  MailCounters m_counters;
  std::jthread m_thread;
};

}  // namespace patchmill::service
