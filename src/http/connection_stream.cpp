// What differs between connections with and without TLS; no other file knows the streams.
#include "http/connection.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <array>

namespace patchmill::http {
namespace {

using PlainStream = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;
using TlsStream = asio::ssl::stream<PlainStream>;

constexpr std::size_t k_linger_bytes = 256u << 10;

template <class Stream>
class StreamConnection final : public Connection {
 public:
  static constexpr bool k_tls = std::is_same_v<Stream, TlsStream>;
  template <class... Args>
  StreamConnection(std::shared_ptr<ServerState> state, int fd, Address remote, Args&&... args)
      : Connection(std::move(state), fd, remote, k_tls), m_stream(std::forward<Args>(args)...) {}
  ~StreamConnection() override { leave(); }

 private:
  Task<void> handshake() override;
  Task<bool> read_more(std::size_t most) override;
  Task<bool> write_both(std::string_view first, std::string_view second, bool rated) override;
  Task<bool> wait_writable() override;
  Task<void> linger() override;

  PlainStream& socket() {
    if constexpr (k_tls) {
      return m_stream.next_layer();
    } else {
      return m_stream;
    }
  }

  Stream m_stream;
};

template <class Stream>
Task<void> StreamConnection<Stream>::handshake() {
  if constexpr (k_tls) {
    co_await m_stream.async_handshake(asio::ssl::stream_base::server, k_await);
    deadline = coarse_now() + m_state->config.timeouts.head.count();
  }
}

template <class Stream>
Task<bool> StreamConnection<Stream>::read_more(std::size_t most) {
  const asio::mutable_buffer room = m_in.room(most);
  if (room.size() == 0) {
    co_return false;
  }
  boost::system::error_code error;
  const std::size_t n =
      co_await m_stream.async_read_some(room, asio::redirect_error(k_await, error));
  m_in.received(n);
  co_return !error && n > 0;
}

template <class Stream>
Task<bool> StreamConnection<Stream>::write_both(std::string_view first, std::string_view second,
                                                bool rated) {
  const Timeouts& timeouts = m_state->config.timeouts;
  while (!first.empty() || !second.empty()) {
    const std::array<asio::const_buffer, 2> buffers = {
        asio::const_buffer(first.data(), first.size()),
        asio::const_buffer(second.data(), second.size())};
    boost::system::error_code error;
    const std::size_t n =
        co_await m_stream.async_write_some(buffers, asio::redirect_error(k_await, error));
    if (error || n == 0) {
      co_return false;
    }
    const std::size_t of_first = std::min(n, first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(n - of_first);
    m_written += n;
    deadline = rated ? transfer_deadline(m_written, timeouts.write)
                     : coarse_now() + timeouts.write.count();
  }
  co_return true;
}

template <class Stream>
Task<bool> StreamConnection<Stream>::wait_writable() {
  boost::system::error_code error;
  co_await socket().async_wait(asio::socket_base::wait_write, asio::redirect_error(k_await, error));
  co_return !error;
}

template <class Stream>
Task<void> StreamConnection<Stream>::linger() {
  if (timed_out && phase == Phase::idle) {
    co_return;
  }
  phase = Phase::idle;  // whatever comes is not waited for
  timed_out = false;
  deadline = coarse_now() + 1000;
  boost::system::error_code error;
  if constexpr (k_tls) {
    co_await m_stream.async_shutdown(asio::redirect_error(k_await, error));
  }
  socket().shutdown(asio::socket_base::shutdown_send, error);
  if (!m_unread) {
    co_return;
  }
  m_in.release();
  std::size_t thrown_away = 0;
  while (!error && thrown_away < k_linger_bytes) {
    const std::size_t n = co_await socket().async_read_some(m_in.room(k_body_buffer),
                                                            asio::redirect_error(k_await, error));
    thrown_away += n;
  }
}

// Said to a client over a limit: short, and never waited for.
void turn_away(int fd) {
  static constexpr std::string_view answer =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 34\r\n"
      "Retry-After: 5\r\nConnection: close\r\n\r\n{\"detail\": \"too many connections\"}";
  ::send(fd, answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ::shutdown(fd, SHUT_WR);
}

// Not a lambda: its captures would have to outlive the coroutine.
Task<void> run(std::shared_ptr<Connection> connection) {
  co_await connection->run();
}

template <class Stream>
void start(const std::shared_ptr<ServerState>& state,
           std::shared_ptr<StreamConnection<Stream>> connection, int fd) {
  if (!connection->enter()) {
    ++state->refused;
    if constexpr (!StreamConnection<Stream>::k_tls) {
      turn_away(fd);
    }
    return;
  }
  asio::co_spawn(state->io.get_executor(), run(std::move(connection)), asio::detached);
}

}  // namespace

void serve_connection(const std::shared_ptr<ServerState>& state, Fd socket, int family,
                      Address remote, bool tls) {
  const int fd = socket.release();
  PlainStream stream(state->io.get_executor(),
                     asio::generic::stream_protocol(family, family == AF_UNIX ? 0 : IPPROTO_TCP),
                     fd);
  if (tls) {
    const auto context = state->tls();
    start(state,
          std::make_shared<StreamConnection<TlsStream>>(state, fd, remote, std::move(stream),
                                                        *context),
          fd);
  } else {
    start(state,
          std::make_shared<StreamConnection<PlainStream>>(state, fd, remote, std::move(stream)),
          fd);
  }
}

}  // namespace patchmill::http
