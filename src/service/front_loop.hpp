#pragma once
// The one thread that takes series through their first half: place, check, plan.

#include "app/config.hpp"
#include "app/workspace.hpp"
#include "pipeline/requests.hpp"
#include "service/scheduler.hpp"
#include "service/series_queue.hpp"
#include "util/subprocess.hpp"
#include "util/unjumped_clock.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

namespace patchmill::service {

// How a part of the service is doing.
struct LoopHealth {
  std::string error;   // one sentence; empty: all is well
  bool stuck = false;  // no series can be judged, and not only some
  std::optional<Timestamp> since;
  std::size_t waiting = 0;             // series
  std::optional<std::int64_t> series;  // at work on it
};

// What it has to look at is a pure consequence of the event log: the cursor "service/front" is
// where it got to, so nothing is forgotten, however the process ends.
class FrontLoop {
 public:
  using Prepare = std::function<void(app::Workspace&)>;  // a workspace was opened
  // Scheduler and clock outlive it. Starts at once, with this configuration.
  FrontLoop(app::Config config, Scheduler& scheduler, const Clock& clock, Prepare prepare);
  ~FrontLoop();  // stops and waits
  FrontLoop(const FrontLoop&) = delete;
  FrontLoop& operator=(const FrontLoop&) = delete;

  void stop();
  // A change of what is tested looks at everything that is open anew.
  void set_config(app::Config config);
  // `again`: also when nothing changed since its verdict.
  void look_at(std::int64_t series, bool again = false);
  // The same, but when nothing else waits.
  void look_at_behind_others(std::int64_t series);
  // Its worker is lost: what is under way is incomplete.
  void give_up(std::int64_t series);
  // The events up to this one are known to look_at(); becomes the cursor once all is done.
  void reached(std::int64_t event);
  // Rows are in the table of requests.
  void requests();
  // Something new is here: what waits for a mail or a commit is looked at again.
  void news();
  [[nodiscard]] LoopHealth health() const;

  static constexpr std::string_view k_cursor = "service/front";

 private:
  using Job = SeriesQueue::Look;
  void run(const std::stop_token& stop);
  void open_workspace();
  std::optional<Job> next(const std::stop_token& stop);
  void add_due_retries();
  void look_at_older_waiting();
  void look_again_by_right_clock();
  void take_requests();
  void serve(const pipeline::Request& request);
  void forget(std::int64_t series);
  bool take_put_off(std::int64_t series);
  void process(Job& job);  // with what was asked for when it was put off
  void postpone(const Job& job, const std::string& why);
  void save_cursor();
  [[nodiscard]] bool too_old(const tracker::Series& series, bool again) const;
  [[nodiscard]] bool is_tried_again(std::int64_t series) const;
  void complain(std::string error, bool stuck);

  Scheduler& m_scheduler;
  const Clock& m_clock;
  const UnjumpedClock m_age_clock{m_clock};
  const Prepare m_prepare;
  SystemProcessRunner m_processes;
  // The thread's alone:
  std::optional<app::Config> m_config;
  std::unique_ptr<app::Workspace> m_workspace;
  bool m_recovered = false;
  std::multimap<std::chrono::steady_clock::time_point, Job> m_later;  // one of a series
  std::optional<std::int64_t> m_turn;  // of those that wait for news: where the next turn begins
  struct Failures {
    unsigned count = 0;  // in a row
    std::string why;
  };
  std::map<std::int64_t, Failures> m_failures;  // by series

  mutable std::mutex m_mutex;
  std::condition_variable_any m_changed;
  std::optional<app::Config> m_new_config;
  SeriesQueue m_queue;
  std::int64_t m_reached = 0, m_saved = 0;
  bool m_news = false, m_requests = true;
  LoopHealth m_health;
  std::jthread m_thread;
};

}  // namespace patchmill::service
