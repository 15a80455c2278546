#include "service/retention_thread.hpp"

#include "service/retention.hpp"
#include "util/log.hpp"

#include <chrono>
#include <exception>

namespace patchmill::service {
namespace {

constexpr std::chrono::minutes k_look_every{1};
// Between two steps, so that others get at the store.
constexpr std::chrono::milliseconds k_rest{20};

}  // namespace

RetentionThread::RetentionThread(std::function<std::unique_ptr<store::Database>()> open,
                                 app::Config config, const Clock& clock)
    : m_open(std::move(open)),
      m_age_clock(clock),
      m_config(std::move(config)),
      m_thread([this](const std::stop_token& stop) { run(stop); }) {}

RetentionThread::~RetentionThread() {
  m_thread.request_stop();
}

void RetentionThread::set_config(app::Config config) {
  const std::lock_guard lock(m_mutex);
  m_config = std::move(config);
}

void RetentionThread::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(m_mutex);
      m_wake.wait_for(lock, stop, k_look_every, [] { return false; });
    }
    if (stop.stop_requested()) {
      return;
    }
    try {
      round(stop);
    } catch (const std::exception& problem) {
      // The next look tries again; the health of the store is told elsewhere.
      log::warning("retention: {}", problem.what());
    }
  }
}

void RetentionThread::round(const std::stop_token& stop) {
  app::Config config;
  {
    const std::lock_guard lock(m_mutex);
    config = m_config;
  }
  const auto database = m_open();
  DailyRetention daily(*database, config, m_age_clock, m_processes);
  while (!stop.stop_requested() && daily.step()) {
    std::unique_lock lock(m_mutex);
    m_wake.wait_for(lock, stop, k_rest, [] { return false; });
  }
}

}  // namespace patchmill::service
