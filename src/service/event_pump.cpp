#include "service/event_pump.hpp"

#include "store/cursors.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

namespace patchmill::service {
namespace {

constexpr std::size_t k_batch = 1000;
constexpr std::chrono::milliseconds k_pump_interval{200};
constexpr std::chrono::milliseconds k_pump_pause{1000};

}  // namespace

EventPump::EventPump(OpenStore open, std::string from, Listener listener)
    : m_open(std::move(open)), m_from(std::move(from)), m_listener(std::move(listener)) {
  m_thread = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

EventPump::~EventPump() {
  stop();
}

void EventPump::poke() {
  const std::lock_guard lock(m_mutex);
  m_poked = true;
  m_changed.notify_all();
}

std::string EventPump::error() const {
  const std::lock_guard lock(m_mutex);
  return m_error;
}

// False: there may be more at once.
bool EventPump::pump() {
  if (!m_database) {
    m_database = m_open();
  }
  if (!m_last) {
    const auto cursor = store::cursor(*m_database, m_from);
    m_last = static_cast<std::int64_t>(cursor ? parse_uint(*cursor).value_or(0) : 0);
  }
  const auto events = store::events_after(*m_database, *m_last, k_batch);
  if (!events.empty()) {
    m_listener(*m_database, events);
    m_last = events.back().id;
  }
  return events.size() < k_batch;
}

void EventPump::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::chrono::milliseconds wait{0};
    std::string trouble;
    try {
      wait = pump() ? k_pump_interval : std::chrono::milliseconds(0);
    } catch (const std::exception& error) {
      trouble = error.what();
      m_database.reset();
      wait = k_pump_pause;
    }
    std::unique_lock lock(m_mutex);
    if (!trouble.empty() && m_error.empty()) {
      log::error("the event log cannot be read: {}; trying again", trouble);
    }
    m_error = std::move(trouble);
    if (wait.count() > 0) {
      m_changed.wait_for(lock, stop, wait, [this] { return m_poked && m_error.empty(); });
    }
    m_poked = false;
  }
}

}  // namespace patchmill::service
