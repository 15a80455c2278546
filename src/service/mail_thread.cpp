#include "service/mail_thread.hpp"

#include "service/mail_work.hpp"
#include "util/log.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace patchmill::service {

using reports::MailState;

MailThread::MailThread(app::Config config, const Clock& clock, ProcessRunner& processes,
                       Options options)
    : m_clock(clock), m_processes(processes), m_options(options), m_config(std::move(config)) {}

MailThread::MailThread(app::Config config, const Clock& clock, ProcessRunner& processes)
    : MailThread(std::move(config), clock, processes, Options()) {}

MailThread::~MailThread() {
  stop();
}

void MailThread::start() {
  if (!m_thread.joinable()) {
    m_thread = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
}

void MailThread::set_config(app::Config config) {
  const std::lock_guard lock(m_mutex);
  m_config = std::move(config);
  m_new_config = true;
  m_change.notify_all();
}

app::Config MailThread::take_config() {
  const std::lock_guard lock(m_mutex);
  m_new_config = false;
  return m_config;
}

bool MailThread::has_new_config() const {
  const std::lock_guard lock(m_mutex);
  return m_new_config;
}

void MailThread::wake() {
  const std::lock_guard lock(m_mutex);
  m_woken = true;
  m_change.notify_all();
}

void MailThread::stop() {
  if (m_thread.joinable()) {
    m_thread.request_stop();
    m_thread.join();
  }
}

MailCounters MailThread::counters() const {
  const std::lock_guard lock(m_mutex);
  return m_counters;
}

void MailThread::pause(const std::stop_token& stop, std::chrono::milliseconds time, bool wakeable) {
  std::unique_lock lock(m_mutex);
  m_change.wait_for(lock, stop, time, [&] { return wakeable && (m_woken || m_new_config); });
  m_woken = m_woken && !wakeable;
}

void MailThread::note(const std::string& error, bool of_store) {
  const std::lock_guard lock(m_mutex);
  // Once for each trouble, not every few seconds while it lasts.
  if (m_counters.last_error != error || (of_store && m_counters.store_is_there)) {
    log::error("mail: {}", error);
  }
  m_counters.last_error = error;
  m_counters.last_error_time = m_clock.now();
  m_counters.store_is_there = m_counters.store_is_there && !of_store;
}

void MailThread::work(MailWork& work) {
  const auto pass = work.pass();
  if (!pass.fault.empty()) {
    note(pass.fault, false);
  }
  for (const auto& step : pass.steps) {
    if (step.state != MailState::sent && step.state != MailState::dropped) {
      note(fmt::format("mail {} is {}: {}", step.mail, reports::to_string(step.state), step.reason),
           false);
    }
  }
  const std::int64_t queued = work.count(MailState::queued);
  const std::int64_t held = work.count(MailState::held);
  const std::int64_t doubtful = work.count(MailState::in_doubt);
  const std::int64_t undecided = work.undecided();
  const std::lock_guard lock(m_mutex);
  for (const auto& step : pass.steps) {
    m_counters.sent += step.state == MailState::sent ? 1 : 0;
    m_counters.deferred += step.state == MailState::queued ? 1 : 0;
    m_counters.failed += step.state == MailState::failed ? 1 : 0;
    m_counters.in_doubt += step.state == MailState::in_doubt ? 1 : 0;
    m_counters.dropped += step.state == MailState::dropped ? 1 : 0;
  }
  m_counters.decided += pass.decided;
  m_counters.queued = queued;
  m_counters.held = held;
  m_counters.doubtful = doubtful;
  m_counters.undecided = undecided;
  if (!m_counters.store_is_there) {
    m_counters.store_is_there = true;
    log::warning("mail: the store is there again");
  }
}

void MailThread::run(const std::stop_token& stop) {
  auto pause_time = m_options.first_pause;
  while (!stop.stop_requested()) {
    try {
      const auto work = MailWork::open(take_config(), m_clock, m_processes, stop);
      if (!work) {
        // Templates were good when the configuration was read; somebody is editing them.
        note(work.error().message, false);
      }
      while (work && !stop.stop_requested() && !has_new_config()) {
        if (*work) {
          this->work(**work);
          pause_time = m_options.first_pause;
        }
        pause(stop, m_options.interval, true);
      }
      if (work) {
        continue;
      }
    } catch (const std::exception& problem) {
      note(problem.what(), true);
    }
    pause(stop, pause_time, false);
    pause_time = std::min(pause_time * 2, m_options.longest_pause);
  }
}

}  // namespace patchmill::service
