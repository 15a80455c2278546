#pragma once
// Server-sent events (WHATWG HTML, section 9.2): one stream a client, and a hub that feeds many.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::http {

struct Event {
  std::string id;    // what a client sends back as Last-Event-ID; no line breaks
  std::string name;  // type of the event; empty: "message"
  std::string data;  // any text; each of its lines becomes a data field
};

// An event as it goes over the wire; shared by all who get it.
using Frame = std::shared_ptr<const std::string>;
Frame encode_event(const Event& event);

// What a handler gives to Response::events and keeps to push into. Every member is thread-safe.
class EventStream {
 public:
  // A client that lets more than max_queued bytes pile up is cut off.
  static std::shared_ptr<EventStream> create(std::size_t max_queued = 256u << 10);
  explicit EventStream(std::size_t max_queued) : m_max_queued(max_queued) {}

  // False when the client is gone or was cut off: forget the stream.
  bool push(Frame frame);
  bool push(const Event& event) { return push(encode_event(event)); }
  // The response ends after what is queued.
  void close();
  [[nodiscard]] bool closed() const;
  [[nodiscard]] bool overflowed() const;  // closed because the client was too slow

  // For the connection that serves it. ---------------------------------------------------------
  // Takes everything queued.
  [[nodiscard]] std::vector<Frame> take();
  // Calls `wake` once: now if there is something to take or it is closed, else when there is.
  void wait(std::function<void()> wake);

 private:
  mutable std::mutex m_mutex;
  std::vector<Frame> m_queue;
  std::size_t m_queued = 0;
  const std::size_t m_max_queued;
  bool m_closed = false;
  bool m_overflowed = false;
  std::function<void()> m_wake;
};

// Hands every published event to all subscribers, and the last ones to those who come back.
class EventHub {
 public:
  struct Limits {
    std::size_t history_events = 1024;
    std::size_t history_bytes = 4u << 20;
    std::size_t queued_bytes = 256u << 10;  // of one subscriber
  };
  using Filter = std::function<bool(const Event&)>;  // must be quick; called under a lock

  EventHub() : EventHub(Limits{}) {}
  explicit EventHub(Limits limits) : m_limits(limits) {}

  // `sequence` must grow from call to call (the store's event log has such numbers) and becomes the
  // event's id.
  void publish(std::uint64_t sequence, std::string name, std::string data);
  // after: the Last-Event-ID header, or none. What was published since then and passes the filter
  // comes first. When the history does not reach back that far, or the id is not one of ours, an
  // event "reset" without data comes instead: the page should load itself anew.
  std::shared_ptr<EventStream> subscribe(std::optional<std::string_view> after = {},
                                         Filter filter = {});
  [[nodiscard]] std::size_t subscribers() const;
  void close();  // ends every stream

 private:
  struct Kept {
    std::uint64_t sequence;
    Event event;
    Frame frame;
  };
  struct Subscriber {
    std::shared_ptr<EventStream> stream;
    Filter filter;
  };
  void forget_closed();

  mutable std::mutex m_mutex;
  const Limits m_limits;
  std::deque<Kept> m_history;
  std::size_t m_history_bytes = 0;
  std::uint64_t m_last = 0;     // newest sequence
  std::uint64_t m_dropped = 0;  // newest sequence that is no longer in the history
  bool m_any = false;
  std::vector<Subscriber> m_subscribers;
  std::size_t m_look_again = 64;  // number of subscribers at which the closed ones are sought
};

}  // namespace patchmill::http
