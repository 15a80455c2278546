#pragma once
// One connection from its first byte to its last. Only for connection*.cpp.

#include "http/event_stream.hpp"
#include "http/exchange.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstring>

namespace patchmill::http {

inline constexpr asio::use_awaitable_t<Executor> k_await{};
inline constexpr std::size_t k_body_buffer = 64u << 10;  // of raw bytes

// Bytes that were received and not used yet.
class InBuffer {
 public:
  [[nodiscard]] std::string_view view() const { return {m_data.get() + m_begin, m_end - m_begin}; }
  [[nodiscard]] bool empty() const { return m_begin == m_end; }
  void consume(std::size_t n) {
    m_begin += n;
    if (m_begin == m_end) {
      m_begin = m_end = 0;
    }
  }
  // Room behind the bytes: at least one byte, unless `most` bytes are held already.
  asio::mutable_buffer room(std::size_t most) {
    if (m_end == m_capacity && m_begin > 0) {
      std::memmove(m_data.get(), m_data.get() + m_begin, m_end - m_begin);
      m_end -= m_begin;
      m_begin = 0;
    }
    if (m_end == m_capacity && m_capacity < most) {
      resize(std::min(most, m_capacity == 0 ? k_small : m_capacity * 4));
    }
    return {m_data.get() + m_end, m_capacity - m_end};
  }
  void received(std::size_t n) { m_end += n; }
  void shrink() {
    if (empty() && m_capacity > k_small) {
      release();
    }
  }
  void release() {
    m_data.reset();
    m_begin = m_end = m_capacity = 0;
  }

 private:
  static constexpr std::size_t k_small = 2048;
  void resize(std::size_t capacity) {
    // Not make_unique, which would clear it.
    std::unique_ptr<char[]> bigger(new char[capacity]);
    if (m_end > m_begin) {
      std::memcpy(bigger.get(), m_data.get() + m_begin, m_end - m_begin);
    }
    m_end -= m_begin;
    m_begin = 0;
    m_data = std::move(bigger);
    m_capacity = capacity;
  }
  std::unique_ptr<char[]> m_data;
  std::size_t m_begin = 0, m_end = 0, m_capacity = 0;
};

// What all connections do, whatever carries their bytes.
class Connection : public Watched {
 public:
  Connection(std::shared_ptr<ServerState> state, int fd, Address remote, bool tls)
      : Watched(fd, remote), m_state(std::move(state)), m_tls(tls) {}
  // False: over a limit.
  bool enter();
  Task<void> run();

  void heartbeat(std::int64_t now) override;
  void end_events() override { m_events->close(); }

 protected:
  // connection_stream.cpp: the bytes themselves. False: there are or go no more.
  virtual Task<void> handshake() = 0;
  virtual Task<bool> read_more(std::size_t most) = 0;
  virtual Task<bool> write_both(std::string_view first, std::string_view second, bool rated) = 0;
  virtual Task<bool> wait_writable() = 0;
  // Closes such that the client gets to read what we sent, even if it is still sending itself: a
  // close with unread bytes would reset the connection.
  virtual Task<void> linger() = 0;
  // The first thing of a destructor: the socket is open as long as others know of it.
  void leave();
  // The deadline of a transfer of so many bytes since m_transfer_start, which must go on, and on
  // average not too slowly.
  [[nodiscard]] std::int64_t transfer_deadline(std::uint64_t bytes,
                                               std::chrono::milliseconds idle) const;

  const std::shared_ptr<ServerState> m_state;
  const bool m_tls;
  InBuffer m_in;
  std::int64_t m_transfer_start = 0;
  std::uint64_t m_written = 0;
  bool m_unread = false;  // the client may still be sending something that nobody reads

 private:
  // connection.cpp: from one request to the next.
  Task<std::optional<RequestHead>> read_head();
  Task<bool> serve(RequestHead head);
  Task<void> respond_error(int status, std::string detail);
  // Runs `work` on a worker thread; false, and not run, when too many requests wait already.
  Task<bool> offload(const std::function<void()>& work);

  // connection_answer.cpp: guards, bodies, handlers.
  Task<void> answer(Exchange& exchange);
  Task<void> say_continue(Exchange& exchange);
  Task<bool> receive(Exchange& exchange, std::string& into, std::size_t want, bool& done);
  Task<void> read_whole_body(Exchange& exchange);
  Task<void> take_upload(Exchange& exchange);

  // connection_write.cpp: writing.
  Task<bool> write_all(std::string_view first, std::string_view second = {}, bool rated = false) {
    return write_both(first, second, rated);
  }
  Task<bool> write_response(Exchange& exchange);
  Task<bool> write_file(Exchange& exchange, const FileBytes& file);
  Task<bool> write_file_copied(Exchange& exchange, const FileBytes& file, std::uint64_t from);
  Task<bool> write_produced(Exchange& exchange, Produced& produced, bool chunked);
  Task<bool> write_events(Exchange& exchange, std::shared_ptr<EventStream> events, bool chunked);
  void start_writing(Phase writing = Phase::writing);

  RequestParser m_parser;
  std::shared_ptr<EventStream> m_events;
  std::atomic<std::int64_t> m_last_event = 0;
  bool m_registered = false;
  bool m_counted = false;
  bool m_first = true;
};

}  // namespace patchmill::http
