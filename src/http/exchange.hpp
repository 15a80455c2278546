#pragma once
// One request on its way through a connection, and its answer. Only for the files of the server.

#include "http/server_state.hpp"

#include <utility>

namespace patchmill::http {

// Counts the bytes of buffered bodies against the limit of the whole server. What does not fit is
// never counted, so a refused request takes no room from those that fit.
class BufferedBytes {
 public:
  explicit BufferedBytes(ServerState& state) : m_state(state) {}
  ~BufferedBytes() { release(); }
  BufferedBytes(const BufferedBytes&) = delete;
  BufferedBytes& operator=(const BufferedBytes&) = delete;
  bool hold(std::uint64_t bytes) {
    std::uint64_t now = m_state.buffered;
    do {
      if (now + bytes > m_state.config.max_buffered_bodies) {
        return false;
      }
    } while (!m_state.buffered.compare_exchange_weak(now, now + bytes));
    m_held += bytes;
    return true;
  }
  void release() { m_state.buffered -= std::exchange(m_held, 0); }

 private:
  ServerState& m_state;
  std::uint64_t m_held = 0;
};

struct Exchange {
  explicit Exchange(ServerState& server) : state(server), buffered(server) {}

  // Fills the request from its head and finds its route; an answer when that is not possible.
  std::optional<Response> understand(RequestHead head, const Address& remote, bool tls);
  // What no handler gets to see, and the answer to it.
  std::optional<Response> run_guards();
  // Makes `response` what is sent. Runs on workers, which nothing may be thrown at.
  void finish(Response response);
  // Tells the access log and whoever counts requests.
  void log_access() const;

  ServerState& state;
  Request request;
  bool http_1_0 = false;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
  bool has_body = false;
  bool body_read = false;
  bool expects_continue = false;
  bool keep_alive = true;
  bool complete = true;
  bool counted = false;                  // by its address
  std::shared_ptr<const Router> router;  // keeps the route alive
  Router::Match match;
  Prepared prepared;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  BufferedBytes buffered;

 private:
  std::optional<Response> find_route(RequestHead head, const Address& remote, bool tls);
  std::optional<Response> over_address_rate();
};

}  // namespace patchmill::http
