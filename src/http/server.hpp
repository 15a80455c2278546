#pragma once
// The HTTP/1.1 server that every interface shares: sockets, TLS, limits, timeouts, access log.

#include "http/prepare.hpp"
#include "http/rate_limit.hpp"
#include "http/request_parser.hpp"
#include "http/router.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace patchmill::http {

struct Listen {
  // "127.0.0.1:8080", "[::1]:0" (0: any free port), "unix:/run/patchmill/http.sock", "fd:3" (a
  // listening socket that was passed to us).
  std::string address;
  bool tls = false;
  unsigned unix_mode = 0660;  // permissions of the Unix socket
};

struct TlsFiles {
  std::filesystem::path certificate;  // PEM, the whole chain
  std::filesystem::path key;          // PEM
};

struct Timeouts {
  std::chrono::milliseconds head{10'000};       // first byte of a request to the end of its head
  std::chrono::milliseconds idle{60'000};       // between two requests of a connection
  std::chrono::milliseconds body_idle{20'000};  // without a byte of the body
  std::chrono::milliseconds write{30'000};      // without the client taking a byte
  std::chrono::milliseconds handshake{10'000};  // TLS
  std::chrono::milliseconds heartbeat{15'000};  // a comment in quiet event streams
  // After a grace of 10 s, bodies and downloads must reach this mean rate.
  std::uint64_t least_bytes_per_second = 256;
};

// One answered request, for the access log and for metrics.
struct RequestRecord {
  std::string_view method, target, route;  // route: the pattern, "" when none was found
  int status = 0;
  std::uint64_t bytes_in = 0;             // of the body
  std::uint64_t bytes_out = 0;            // of the body, as sent
  std::chrono::microseconds duration{0};  // first byte of the head to last byte written
  std::string remote;
  std::string_view identity;  // name, or ""
  std::string_view id, agent, referer;
  bool complete = true;  // false: the connection went away in between
};
// "http remote=… method=GET target=/ …" in logfmt, values quoted where needed.
std::string format_access(const RequestRecord& record);

struct ServerConfig {
  std::vector<Listen> listen;
  std::vector<Network> trusted_proxies;
  std::optional<TlsFiles> tls;
  bool hsts = false;
  HeadLimits head;
  Timeouts timeouts;
  std::size_t max_connections = 4096;
  std::size_t max_connections_per_address = 256;  // trusted proxies and Unix sockets: no limit
  // Requests of one address, besides those a guard found an identity for; none: no limit.
  std::optional<RateLimiter::Rule> address_rate;
  unsigned worker_threads = 4;
  std::size_t max_waiting = 1024;                  // requests waiting for a worker; beyond it 503
  std::uint64_t max_buffered_bodies = 256u << 20;  // bytes of all bodies in memory; beyond it 503
  bool access_log = true;                          // one line a request at level info
  std::function<void(const RequestRecord&)> on_request;  // any thread; must be quick
  ErrorPage error_page;
};

struct ServerStats {
  std::size_t connections = 0;    // open now
  std::size_t event_streams = 0;  // of these
  std::size_t waiting = 0;        // requests waiting for a worker or in one
  std::uint64_t accepted = 0;     // connections since the start
  std::uint64_t refused = 0;      // connections over a limit
  std::uint64_t timed_out = 0;    // connections cut because a client was too slow
  std::uint64_t malformed = 0;    // requests refused by the parser
  std::uint64_t buffered = 0;     // bytes of request bodies in memory now
  std::uint64_t requests = 0;
};

struct ServerState;

class Server {
 public:
  // Listens at once. `io` is run by the caller on as many threads as it likes, and outlives the
  // server. Error with the address and the reason when a listener cannot be opened or a
  // certificate not be read.
  static Result<std::unique_ptr<Server>> start(boost::asio::io_context& io, ServerConfig config,
                                               std::shared_ptr<const Router> router);
  // stop(), then waits for handlers that still run. Not from a thread that runs `io`.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // "http://127.0.0.1:8080" of each listener, with the real port; "unix:/path".
  [[nodiscard]] std::vector<std::string> addresses() const;
  [[nodiscard]] std::uint16_t port(std::size_t listener = 0) const;  // 0 for Unix sockets
  // Reads the certificate files again; new connections get them. On error the old ones stay.
  Result<void> reload_tls();
  // For requests from now on.
  void set_router(std::shared_ptr<const Router> router);
  [[nodiscard]] ServerStats stats() const;
  // No new connections; idle ones and event streams end; running requests get most of `limit` to
  // finish, then are cut. True when every connection is closed. Not from a thread that runs `io`.
  bool stop(std::chrono::milliseconds limit = std::chrono::milliseconds(1000));

 private:
  explicit Server(std::shared_ptr<ServerState> state) : m_state(std::move(state)) {}
  std::shared_ptr<ServerState> m_state;
};

// An io_context with threads that run it, for programs and tests that have none yet.
class IoThreads {
 public:
  explicit IoThreads(unsigned threads);
  ~IoThreads();  // stops and joins
  IoThreads(const IoThreads&) = delete;
  IoThreads& operator=(const IoThreads&) = delete;
  [[nodiscard]] boost::asio::io_context& context();

 private:
  struct Impl;
  std::unique_ptr<Impl> m_impl;
};

}  // namespace patchmill::http
