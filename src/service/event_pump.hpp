#pragma once
// Reads the event log as it grows and tells whoever wants to know.

#include "store/database.hpp"
#include "store/event_log.hpp"
#include "util/clock.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>

namespace patchmill::service {

// Whoever writes into the log, this process or another, is heard within a fifth of a second, and at
// once after poke().
class EventPump {
 public:
  using OpenStore = std::function<std::unique_ptr<store::Database>()>;  // may throw DatabaseError
  // Called on the pump's thread with events in their order, each once in a process; may use the
  // database. What it throws is trouble of the store: the same events come again.
  using Listener = std::function<void(store::Database&, std::span<const store::Event>)>;

  // Starts at once, with the events after the one numbered by the cursor `from` of the store.
  EventPump(OpenStore open, std::string from, Listener listener);
  ~EventPump();  // stops and waits
  EventPump(const EventPump&) = delete;
  EventPump& operator=(const EventPump&) = delete;

  void stop() { m_thread.request_stop(); }
  void poke();
  [[nodiscard]] std::string error() const;  // of the store; empty: all is well

 private:
  void run(const std::stop_token& stop);
  bool pump();

  const OpenStore m_open;
  const std::string m_from;
  const Listener m_listener;
  std::unique_ptr<store::Database> m_database;
  std::optional<std::int64_t> m_last;

  mutable std::mutex m_mutex;
  std::condition_variable_any m_changed;
  bool m_poked = false;
  std::string m_error;
  std::jthread m_thread;
};

}  // namespace patchmill::service
