#pragma once
// One connection from its first byte to its last. Only for connection*.cpp.

#include "http/event_stream.hpp"
#include "http/server_state.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <cstring>

namespace patchmill::http {

using PlainStream = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;
using TlsStream = asio::ssl::stream<PlainStream>;
inline constexpr asio::use_awaitable_t<Executor> k_await{};

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

// Counts the bytes of buffered bodies against the limit of the whole server.
class BufferedBytes {
 public:
  explicit BufferedBytes(ServerState& state) : m_state(state) {}
  ~BufferedBytes() { m_state.buffered -= m_held; }
  BufferedBytes(const BufferedBytes&) = delete;
  BufferedBytes& operator=(const BufferedBytes&) = delete;
  bool hold(std::uint64_t bytes) {
    m_held += bytes;
    return m_state.buffered.fetch_add(bytes) + bytes <= m_state.config.max_buffered_bodies;
  }

 private:
  ServerState& m_state;
  std::uint64_t m_held = 0;
};

// Everything one request needs on its way through the connection.
struct Exchange {
  explicit Exchange(ServerState& state) : buffered(state) {}
  Request request;
  bool http_1_0 = false;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
  bool has_body = false;
  bool body_read = false;
  bool expects_continue = false;
  bool keep_alive = true;
  bool complete = true;
  std::shared_ptr<const Router> router;  // keeps the route alive
  Router::Match match;
  Prepared prepared;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::chrono::steady_clock::time_point start;
  BufferedBytes buffered;
};

template <class Stream>
class Connection final : public Watched, public std::enable_shared_from_this<Connection<Stream>> {
 public:
  static constexpr bool k_tls = std::is_same_v<Stream, TlsStream>;
  template <class... Args>
  Connection(std::shared_ptr<ServerState> state, int fd, Address remote, Args&&... args)
      : Watched(fd, remote), m_state(std::move(state)), m_stream(std::forward<Args>(args)...) {}
  ~Connection() override {
    if (m_registered) {
      m_state->remove(this, m_counted);
    }
  }
  // False: over a limit.
  bool enter();
  Task<void> run();

  void heartbeat(std::int64_t now) override;
  void end_events() override { m_events->close(); }

 private:
  // connection.cpp: reading.
  Task<void> handshake();
  Task<bool> read_more(std::size_t most);
  Task<std::optional<RequestHead>> read_head();
  Task<bool> serve(RequestHead head);
  Task<void> answer(Exchange& exchange);
  Task<void> respond_error(int status, std::string detail);
  Task<bool> receive(Exchange& exchange, std::string& into, std::size_t want, bool& done);
  Task<void> read_whole_body(Exchange& exchange);
  Task<void> take_upload(Exchange& exchange);
  Task<void> say_continue(Exchange& exchange);
  Task<void> linger();
  std::optional<Response> understand(Exchange& exchange, RequestHead& head);
  void finish(Exchange& exchange, Response response);
  template <class Work>
  Task<bool> offload(Work work);
  void log_request(const Exchange& exchange);

  // connection_write.cpp: writing.
  Task<bool> write_all(std::string_view first, std::string_view second = {}, bool rated = false);
  Task<bool> write_response(Exchange& exchange);
  Task<bool> write_file(Exchange& exchange, const FileBytes& file);
  Task<bool> write_file_copied(Exchange& exchange, const FileBytes& file, std::uint64_t from);
  Task<bool> write_produced(Exchange& exchange, Produced& produced, bool chunked);
  Task<bool> write_events(Exchange& exchange, std::shared_ptr<EventStream> events, bool chunked);
  void start_writing(Phase writing = Phase::writing);

  PlainStream& socket() {
    if constexpr (k_tls) {
      return m_stream.next_layer();
    } else {
      return m_stream;
    }
  }

  const std::shared_ptr<ServerState> m_state;
  Stream m_stream;
  InBuffer m_in;
  RequestParser m_parser;
  std::shared_ptr<EventStream> m_events;
  std::atomic<std::int64_t> m_last_event = 0;
  std::int64_t m_write_start = 0;
  std::uint64_t m_written = 0;
  bool m_registered = false;
  bool m_counted = false;
  bool m_first = true;
  bool m_unread = false;  // the client may still be sending something that nobody reads
};

// Runs `work` on a worker thread; false, and not run, when too many requests wait already.
template <class Stream>
template <class Work>
Task<bool> Connection<Stream>::offload(Work work) {
  ServerState& state = *m_state;
  if (state.waiting.fetch_add(1) >= state.config.max_waiting) {
    --state.waiting;
    co_return false;
  }
  co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
      [&state, &work](auto handler) {
        auto held = std::make_shared<decltype(handler)>(std::move(handler));
        state.pool.submit([held = std::move(held), &state, &work]() mutable {
          work();
          --state.waiting;
          const Executor executor = state.io.get_executor();
          asio::post(executor, [held = std::move(held)] { std::move (*held)(); });
        });
      },
      k_await);
  co_return true;
}

}  // namespace patchmill::http
