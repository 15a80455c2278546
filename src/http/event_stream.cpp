#include "http/event_stream.hpp"

#include "util/text.hpp"

#include <algorithm>
#include <utility>

namespace patchmill::http {
namespace {

std::string one_line(std::string_view text) {
  std::string line(text);
  std::erase_if(line, [](char c) { return c == '\n' || c == '\r' || c == '\0'; });
  return line;
}

}  // namespace

Frame encode_event(const Event& event) {
  std::string text;
  text.reserve(event.data.size() + 32);
  if (!event.id.empty()) {
    text += "id: " + one_line(event.id) + "\n";
  }
  if (!event.name.empty()) {
    text += "event: " + one_line(event.name) + "\n";
  }
  // CR alone ends a line too, for whoever reads the stream.
  std::string_view rest = event.data;
  while (true) {
    const auto end = rest.find_first_of("\r\n");
    text += "data: ";
    text += rest.substr(0, end);
    text += '\n';
    if (end == std::string_view::npos) {
      break;
    }
    rest.remove_prefix(rest.substr(end, 2) == "\r\n" ? end + 2 : end + 1);
  }
  text += '\n';
  return std::make_shared<const std::string>(std::move(text));
}

std::shared_ptr<EventStream> EventStream::create(std::size_t max_queued) {
  return std::make_shared<EventStream>(max_queued);
}

bool EventStream::push(Frame frame) {
  std::function<void()> wake;
  bool closed_now = false;
  {
    const std::lock_guard lock(m_mutex);
    if (m_closed) {
      return false;
    }
    if (m_queued + frame->size() > m_max_queued) {
      m_closed = true;
      m_overflowed = true;
      closed_now = true;
      m_queue = {};
      m_queued = 0;
    } else {
      m_queued += frame->size();
      m_queue.push_back(std::move(frame));
    }
    wake = std::exchange(m_wake, nullptr);
  }
  if (wake) {
    wake();
  }
  return !closed_now;
}

void EventStream::close() {
  std::function<void()> wake;
  {
    const std::lock_guard lock(m_mutex);
    m_closed = true;
    wake = std::exchange(m_wake, nullptr);
  }
  if (wake) {
    wake();
  }
}

bool EventStream::closed() const {
  const std::lock_guard lock(m_mutex);
  return m_closed;
}

bool EventStream::overflowed() const {
  const std::lock_guard lock(m_mutex);
  return m_overflowed;
}

std::vector<Frame> EventStream::take() {
  const std::lock_guard lock(m_mutex);
  m_queued = 0;
  return std::exchange(m_queue, {});
}

void EventStream::wait(std::function<void()> wake) {
  {
    const std::lock_guard lock(m_mutex);
    if (m_queue.empty() && !m_closed) {
      m_wake = std::move(wake);
      return;
    }
  }
  wake();
}

void EventHub::publish(std::uint64_t sequence, std::string name, std::string data) {
  Event event{std::to_string(sequence), std::move(name), std::move(data)};
  const Frame frame = encode_event(event);
  const std::lock_guard lock(m_mutex);
  bool gone = false;
  for (const auto& subscriber : m_subscribers) {
    if (!subscriber.filter || subscriber.filter(event)) {
      gone = !subscriber.stream->push(frame) || gone;
    }
  }
  if (gone) {
    forget_closed();
  }
  if (!m_any) {
    m_dropped = sequence - 1;
    m_any = true;
  }
  m_last = sequence;
  // The text is kept twice: once for the wire, once for filters.
  m_history_bytes += 2 * frame->size();
  m_history.push_back({sequence, std::move(event), frame});
  while (!m_history.empty() &&
         (m_history.size() > m_limits.history_events || m_history_bytes > m_limits.history_bytes)) {
    m_history_bytes -= 2 * m_history.front().frame->size();
    m_dropped = m_history.front().sequence;
    m_history.pop_front();
  }
}

std::shared_ptr<EventStream> EventHub::subscribe(std::optional<std::string_view> after,
                                                 Filter filter) {
  auto stream = EventStream::create(m_limits.queued_bytes);
  const std::lock_guard lock(m_mutex);
  if (after) {
    const auto sequence = parse_uint(*after);
    if (!sequence || (m_any ? *sequence < m_dropped || *sequence > m_last : true)) {
      stream->push(Event{m_any ? std::to_string(m_last) : "", "reset", ""});
    } else {
      const auto first = std::upper_bound(
          m_history.begin(), m_history.end(), *sequence,
          [](std::uint64_t wanted, const Kept& kept) { return wanted < kept.sequence; });
      // More than a subscriber may queue: as with a history that is too short.
      std::size_t bytes = 0;
      std::vector<Frame> frames;
      for (auto kept = first; kept != m_history.end(); ++kept) {
        if (!filter || filter(kept->event)) {
          bytes += kept->frame->size();
          frames.push_back(kept->frame);
        }
      }
      if (bytes > m_limits.queued_bytes) {
        stream->push(Event{std::to_string(m_last), "reset", ""});
      } else {
        for (auto& frame : frames) {
          stream->push(std::move(frame));
        }
      }
    }
  }
  if (m_subscribers.size() >= m_look_again) {
    forget_closed();
    m_look_again = std::max<std::size_t>(64, m_subscribers.size() * 2);
  }
  m_subscribers.push_back({stream, std::move(filter)});
  return stream;
}

std::size_t EventHub::subscribers() const {
  const std::lock_guard lock(m_mutex);
  return static_cast<std::size_t>(
      std::count_if(m_subscribers.begin(), m_subscribers.end(),
                    [](const Subscriber& s) { return !s.stream->closed(); }));
}

void EventHub::close() {
  const std::lock_guard lock(m_mutex);
  for (const auto& subscriber : m_subscribers) {
    subscriber.stream->close();
  }
  m_subscribers.clear();
}

void EventHub::forget_closed() {
  std::erase_if(m_subscribers, [](const Subscriber& s) { return s.stream->closed(); });
}

}  // namespace patchmill::http
