#pragma once
// What the connections of a server share. Only for the files of the server itself.

#include "http/server.hpp"
#include "util/thread_pool.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <stop_token>
#include <unordered_set>

namespace patchmill::http {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
template <class T>
using Task = asio::awaitable<T, Executor>;

// Milliseconds of a clock that only goes forward, cheap to read and a few milliseconds coarse.
std::int64_t coarse_now();

// What the watcher knows of a connection. All members are safe from any thread.
class Watched {
 public:
  enum class Phase : std::uint8_t { idle, reading, handling, writing, streaming_events };
  Watched(int fd, Address remote) : m_remote(remote), m_fd(fd) {}
  virtual ~Watched() = default;

  std::atomic<Phase> phase = Phase::idle;
  std::atomic<std::int64_t> deadline = 0;  // coarse_now() at which it is cut; 0: never
  std::atomic<bool> timed_out = false;
  std::atomic<bool> stopping = false;  // ends after the current request

  // Wakes whatever the connection waits for: reads end, and writes too when `both`.
  void shut(bool both) const;
  // A comment for a quiet event stream, and the end of it. Called with the registry locked.
  virtual void heartbeat(std::int64_t now) = 0;
  virtual void end_events() = 0;
  [[nodiscard]] int fd() const { return m_fd; }
  [[nodiscard]] const Address& remote() const { return m_remote; }

 private:
  const Address m_remote;
  const int m_fd;  // open as long as the connection is registered
};

struct Listener {
  Listen config;
  Fd fd;
  std::string text;  // as Server::addresses
  std::uint16_t port = 0;
};

struct ServerState : std::enable_shared_from_this<ServerState> {
  ServerState(asio::io_context& context, ServerConfig server_config);

  asio::io_context& io;
  const ServerConfig config;
  const PrepareOptions prepare_options;
  ThreadPool pool;
  std::atomic<std::size_t> waiting = 0;
  std::atomic<std::uint64_t> buffered = 0;  // bytes of bodies
  std::optional<RateLimiter> address_rate;
  std::stop_source stop_source;
  std::atomic<bool> stopping = false;
  std::atomic<std::uint64_t> accepted = 0, refused = 0, timed_out = 0, malformed = 0, requests = 0;
  std::uint64_t id_seed = 0;
  std::atomic<std::uint64_t> next_id = 0;
  std::vector<Listener> listeners;

  std::shared_ptr<const Router> router() const;
  void set_router(std::shared_ptr<const Router> router);
  std::shared_ptr<asio::ssl::context> tls() const;
  Result<void> load_tls();
  std::string new_request_id();

  // The registry of connections.
  bool add(Watched* connection, bool counted_by_address);  // false: over a limit, or stopping
  void remove(Watched* connection, bool counted_by_address);
  void watch_tick();  // cuts what is too slow, keeps event streams alive
  void begin_stop();
  void cut_all();
  bool wait_empty(std::chrono::milliseconds limit);
  std::pair<std::size_t, std::size_t> count() const;  // all, event streams

 private:
  void watch_one(Watched& connection, std::int64_t now);

  mutable std::mutex m_config_mutex;
  std::shared_ptr<const Router> m_router;
  std::shared_ptr<asio::ssl::context> m_tls;

  mutable std::mutex m_mutex;
  std::condition_variable m_empty;
  std::unordered_set<Watched*> m_connections;
  std::map<Address, std::size_t> m_by_address;
};

Result<Listener> open_listener(const Listen& listen);
// Runs until the listener is shut.
// `duplicate`: of the listener's descriptor.
Task<void> accept_loop(std::shared_ptr<ServerState> state, std::size_t index, Fd duplicate);
Task<void> watch_loop(std::shared_ptr<ServerState> state);
// Takes ownership of the socket and serves it to the end.
void serve_connection(const std::shared_ptr<ServerState>& state, Fd socket, int family,
                      Address remote, bool tls);

}  // namespace patchmill::http
