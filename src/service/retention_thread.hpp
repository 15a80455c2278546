#pragma once
// The daily round of retention beside a running service.

#include "app/config.hpp"
#include "store/database.hpp"
#include "util/subprocess.hpp"
#include "util/unjumped_clock.hpp"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace patchmill::service {

class RetentionThread {
 public:
  // Clock outlives it. The first round waits for a minute: a service that has just started has
  // better things to do.
  RetentionThread(std::function<std::unique_ptr<store::Database>()> open, app::Config config,
                  const Clock& clock);
  ~RetentionThread();  // stops; waits for the step under way
  RetentionThread(const RetentionThread&) = delete;
  RetentionThread& operator=(const RetentionThread&) = delete;

  void ask_to_stop() { m_thread.request_stop(); }
  void set_config(app::Config config);  // from the next round on

 private:
  void run(const std::stop_token& stop);
  void round(const std::stop_token& stop);

  const std::function<std::unique_ptr<store::Database>()> m_open;
  const UnjumpedClock m_age_clock;
  SystemProcessRunner m_processes;
  std::mutex m_mutex;
  std::condition_variable_any m_wake;
  app::Config m_config;
  std::jthread m_thread;  // last: it uses all of the above
};

}  // namespace patchmill::service
