#include "http/connection.hpp"

#include "util/log.hpp"
#include "util/text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>

namespace patchmill::http {
namespace {

constexpr std::int64_t k_rate_grace = 10'000;       // ms
constexpr std::size_t k_body_buffer = 64u << 10;    // of raw bytes
constexpr std::size_t k_upload_piece = 128u << 10;  // handed to a sink at once
constexpr std::size_t k_linger_bytes = 256u << 10;

// The deadline of a transfer that must go on, and on average not too slowly.
std::int64_t transfer_deadline(std::int64_t start, std::uint64_t bytes, std::int64_t idle,
                               std::uint64_t least_rate) {
  const std::int64_t by_idle = coarse_now() + idle;
  if (least_rate == 0) {
    return by_idle;
  }
  return std::min(by_idle,
                  start + k_rate_grace + static_cast<std::int64_t>(bytes * 1000 / least_rate));
}

std::string redirect_target(const Request& request, bool slash) {
  // Coded anew: "/\example.org" would lead a browser to another host.
  std::string location;
  for (const std::string& segment : request.decoded_path.segments) {
    location += '/';
    location += percent_encode(segment);
  }
  if (slash || location.empty()) {
    location += '/';
  }
  if (request.target.size() > request.path.size()) {
    const auto question = request.target.find('?');
    if (question != std::string::npos) {
      location += request.target.substr(question);
    }
  }
  return location;
}

Response retry_later(int status, std::string detail, std::chrono::seconds wait) {
  Response response = Response::error(status, std::move(detail));
  response.headers.add("Retry-After", std::to_string(wait.count()));
  return response;
}

// What no handler gets to see, and the answer to it.
std::optional<Response> run_guards(const Route& route, Request& request) {
  for (const Guard& guard : route.guards) {
    if (auto refused = guard(request)) {
      return refused;
    }
  }
  return std::nullopt;
}

template <class Work>
Response guarded(const Request& request, Work&& work) {
  try {
    return work();
  } catch (const std::exception& error) {
    log::error("http {} {} failed (request {}): {}", request.method, request.path, request.id,
               error.what());
  }
  return Response::error(
      500, "patchmill failed at this request; its log tells more under " + request.id);
}

}  // namespace

template <class Stream>
bool Connection<Stream>::enter() {
  const auto& proxies = m_state->config.trusted_proxies;
  m_counted =
      !remote().local && std::none_of(proxies.begin(), proxies.end(),
                                      [&](const Network& n) { return n.contains(remote()); });
  phase = Phase::idle;
  deadline = coarse_now() + (k_tls ? m_state->config.timeouts.handshake.count()
                                   : m_state->config.timeouts.head.count());
  m_registered = m_state->add(this, m_counted);
  return m_registered;
}

template <class Stream>
Task<void> Connection<Stream>::handshake() {
  if constexpr (k_tls) {
    co_await m_stream.async_handshake(asio::ssl::stream_base::server, k_await);
    deadline = coarse_now() + m_state->config.timeouts.head.count();
  }
}

template <class Stream>
Task<void> Connection<Stream>::run() {
  try {
    co_await handshake();
    while (true) {
      auto head = co_await read_head();
      if (!head) {
        break;
      }
      const bool more = co_await serve(std::move(*head));
      if (!more) {
        break;
      }
    }
  } catch (const boost::system::system_error&) {
    co_return;  // the client went away; nothing to tell anybody
  } catch (const std::exception& error) {
    log::error("http connection of {}: {}", remote().text(), error.what());
    co_return;
  }
  co_await linger();
}

// Closes such that the client gets to read what we sent, even if it is still sending itself: a
// close with unread bytes would reset the connection.
template <class Stream>
Task<void> Connection<Stream>::linger() {
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

template <class Stream>
Task<bool> Connection<Stream>::read_more(std::size_t most) {
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
Task<std::optional<RequestHead>> Connection<Stream>::read_head() {
  const auto& config = m_state->config;
  const std::size_t most = config.head.head + 1;
  m_parser.reset();
  if (m_in.empty()) {
    m_in.shrink();
    if (!m_first) {
      deadline = coarse_now() + config.timeouts.idle.count();
    }
    phase = Phase::idle;
    if (stopping) {
      co_return std::nullopt;
    }
    const bool any = co_await read_more(most);
    if (!any) {
      co_return std::nullopt;
    }
  }
  m_first = false;
  phase = Phase::reading;
  deadline = coarse_now() + config.timeouts.head.count();
  while (true) {
    std::size_t consumed = 0;
    auto head = m_parser.parse_head(m_in.view(), config.head, consumed);
    if (!head) {
      ++m_state->malformed;
      ParseError error = std::move(head).error();
      co_await respond_error(error.status, std::move(error.detail));
      co_return std::nullopt;
    }
    if (*head) {
      m_in.consume(consumed);
      co_return std::move(*head);
    }
    const bool more = co_await read_more(most);
    if (!more) {
      if (timed_out) {
        co_await respond_error(408, "the request's head did not arrive in time");
      }
      co_return std::nullopt;
    }
  }
}

// For requests that could not be read.
template <class Stream>
Task<void> Connection<Stream>::respond_error(int status, std::string detail) {
  Exchange exchange(*m_state);
  exchange.request.remote = remote();
  exchange.request.id = m_state->new_request_id();
  exchange.start = std::chrono::steady_clock::now();
  exchange.keep_alive = false;
  m_unread = true;
  finish(exchange, Response::error(status, std::move(detail)));
  co_await write_response(exchange);
  log_request(exchange);
}

// Runs on workers, which nothing may be thrown at.
template <class Stream>
void Connection<Stream>::finish(Exchange& exchange, Response response) {
  try {
    exchange.prepared = prepare(exchange.request, std::move(response), m_state->prepare_options);
  } catch (const std::exception& error) {
    log::error("http answer of request {} cannot be prepared: {}", exchange.request.id,
               error.what());
    exchange.keep_alive = false;
    exchange.prepared = {};
    exchange.prepared.response.status = 500;
    exchange.prepared.length = 0;
  }
}

// Fills the request from its head and finds its route; an answer when that is not possible.
template <class Stream>
std::optional<Response> Connection<Stream>::understand(Exchange& exchange, RequestHead& head) {
  const ServerConfig& config = m_state->config;
  Request& request = exchange.request;
  exchange.http_1_0 = head.http_1_0;
  exchange.chunked = head.chunked;
  exchange.content_length = head.content_length;
  exchange.has_body = head.has_body();
  exchange.keep_alive = head.keep_alive;
  request.id = m_state->new_request_id();
  request.stop = m_state->stop_source.get_token();
  request.method = std::move(head.method);
  request.target = std::move(head.target);
  request.headers = std::move(head.headers);
  const Origin origin = find_origin(remote(), k_tls, request.headers.joined("X-Forwarded-For"),
                                    request.header("X-Forwarded-Proto"), config.trusted_proxies);
  request.remote = origin.address;
  request.https = origin.https;

  if (m_state->address_rate) {
    const Address key = request.remote.limit_key();
    const std::string_view bytes(reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size());
    if (const auto wait = m_state->address_rate->take(bytes)) {
      return retry_later(429, "too many requests from this address", *wait);
    }
  }
  const auto target = split_target(request.target);
  if (!target) {
    return Response::error(400, target.error().message);
  }
  request.host = target->host.empty() ? request.header("Host") : target->host;
  if (target->path == "*") {
    return request.method == "OPTIONS" ? Response::empty(204)
                                       : Response::error(400, "'*' is for OPTIONS only");
  }
  request.path = target->path;
  auto path = parse_path(target->path);
  if (!path) {
    return Response::error(400, path.error().message);
  }
  request.decoded_path = std::move(*path);
  auto query = parse_query(target->query);
  if (!query) {
    return Response::error(400, query.error().message);
  }
  request.query = std::move(*query);

  exchange.router = m_state->router();
  exchange.match = exchange.router->match(request.method, request.decoded_path);
  if (!exchange.match.route) {
    if (!exchange.match.allow.empty()) {
      Response response = request.method == "OPTIONS"
                              ? Response::empty(204)
                              : Response::error(405, request.method + " is not possible here");
      response.headers.add("Allow", exchange.match.allow);
      return response;
    }
    if (exchange.match.add_slash || exchange.match.drop_slash) {
      return Response::redirect(redirect_target(request, exchange.match.add_slash), 301);
    }
    return Response::error(404, "there is nothing at " + ellipsize(request.path, 200));
  }
  request.params = std::move(exchange.match.params);
  if (const auto expect = request.headers.get("Expect")) {
    if (!iequals(*expect, "100-continue")) {
      return Response::error(417, "the only expectation understood is 100-continue");
    }
    exchange.expects_continue = !exchange.http_1_0;
  }
  if (exchange.content_length.value_or(0) > exchange.match.route->max_body) {
    return Response::error(413, "at most " + std::to_string(exchange.match.route->max_body) +
                                    " bytes can be sent here");
  }
  return std::nullopt;
}

template <class Stream>
Task<bool> Connection<Stream>::serve(RequestHead head) {
  Exchange exchange(*m_state);
  exchange.start = std::chrono::steady_clock::now();
  phase = Phase::handling;
  deadline = 0;
  auto refused = understand(exchange, head);
  if (refused) {
    finish(exchange, std::move(*refused));
  } else {
    co_await answer(exchange);
  }
  if (exchange.has_body && !exchange.body_read) {
    exchange.keep_alive = false;
    m_unread = true;
  }
  ++m_state->requests;
  const bool written = co_await write_response(exchange);
  exchange.complete = exchange.complete && written;
  log_request(exchange);
  co_return exchange.complete&& exchange.keep_alive && !stopping;
}

template <class Stream>
Task<void> Connection<Stream>::answer(Exchange& exchange) {
  const Route& route = *exchange.match.route;
  Request& request = exchange.request;
  bool guards_run = false;
  bool answered = false;
  const auto overloaded = [&] {
    finish(exchange, retry_later(503, "the server has too much to do", std::chrono::seconds(1)));
  };

  if (exchange.has_body && !route.guards.empty()) {
    // Nobody's body is read before he is known to be allowed to send it.
    guards_run = true;
    const auto work = [&] {
      std::optional<Response> refused;
      Response failed = guarded(request, [&] {
        refused = run_guards(route, request);
        return Response{};
      });
      if (!failed.error_detail.empty()) {
        refused = std::move(failed);
      }
      if (refused) {
        finish(exchange, std::move(*refused));
        answered = true;
      }
    };
    const bool run = co_await offload(work);
    if (!run) {
      overloaded();
      co_return;
    }
    if (answered) {
      co_return;
    }
  }
  if (route.upload) {
    co_await take_upload(exchange);
    co_return;
  }
  if (exchange.has_body) {
    co_await read_whole_body(exchange);
    if (!exchange.body_read) {
      co_return;
    }
    phase = Phase::handling;
    deadline = 0;
  }
  const auto work = [&] {
    finish(exchange, guarded(request, [&]() -> Response {
             if (!guards_run) {
               if (auto refused = run_guards(route, request)) {
                 return std::move(*refused);
               }
             }
             return route.handler(request);
           }));
  };
  if (route.run == Run::loop) {
    work();
    co_return;
  }
  const bool run = co_await offload(work);
  if (!run) {
    overloaded();
  }
}

template <class Stream>
Task<void> Connection<Stream>::say_continue(Exchange& exchange) {
  if (exchange.expects_continue && m_in.empty()) {
    exchange.expects_continue = false;
    start_writing();
    co_await write_all("HTTP/1.1 100 Continue\r\n\r\n");
  }
}

// Appends decoded bytes of the body to `into` until it holds `want` or the body is done. False:
// cut off or refused, and the answer is in `exchange`.
template <class Stream>
Task<bool> Connection<Stream>::receive(Exchange& exchange, std::string& into, std::size_t want,
                                       bool& done) {
  const Timeouts& timeouts = m_state->config.timeouts;
  const std::uint64_t most = exchange.match.route->max_body;
  constexpr std::size_t piece = 16u << 10;
  phase = Phase::reading;
  while (into.size() < want && !done) {
    const std::size_t before = into.size();
    into.resize(std::min(want, before + piece));
    auto step = m_parser.decode_body(m_in.view(),
                                     std::span<char>(into.data() + before, into.size() - before));
    if (!step) {
      ++m_state->malformed;
      finish(exchange, Response::error(step.error().status, step.error().detail));
      co_return false;
    }
    into.resize(before + step->produced);
    m_in.consume(step->consumed);
    exchange.bytes_in += step->produced;
    if (exchange.bytes_in > most) {
      finish(exchange,
             Response::error(413, "at most " + std::to_string(most) + " bytes can be sent here"));
      co_return false;
    }
    done = step->done;
    if (done || step->consumed > 0 || step->produced > 0) {
      continue;
    }
    deadline = transfer_deadline(m_write_start, exchange.bytes_in, timeouts.body_idle.count(),
                                 timeouts.least_bytes_per_second);
    const bool more = co_await read_more(k_body_buffer);
    if (!more) {
      exchange.complete = false;
      finish(exchange, timed_out ? Response::error(408, "the body did not arrive in time")
                                 : Response::error(400, "the body ended too early"));
      co_return false;
    }
  }
  co_return true;
}

template <class Stream>
Task<void> Connection<Stream>::read_whole_body(Exchange& exchange) {
  co_await say_continue(exchange);
  m_write_start = coarse_now();
  bool done = false;
  constexpr std::size_t step = 64u << 10;
  while (!done) {
    if (!exchange.buffered.hold(step)) {
      finish(exchange,
             retry_later(503, "too many requests with bodies at once", std::chrono::seconds(1)));
      co_return;
    }
    const bool good = co_await receive(exchange, exchange.request.body,
                                       exchange.request.body.size() + step, done);
    if (!good) {
      co_return;
    }
  }
  exchange.body_read = true;
}

template <class Stream>
Task<void> Connection<Stream>::take_upload(Exchange& exchange) {
  const Route& route = *exchange.match.route;
  Request& request = exchange.request;
  std::unique_ptr<UploadSink> sink;
  std::optional<Response> refused;
  const auto open = [&] {
    Response failed = guarded(request, [&]() -> Response {
      if (!exchange.has_body) {
        refused = run_guards(route, request);
        if (refused) {
          return {};
        }
      }
      auto opened = route.upload(request);
      if (opened) {
        sink = std::move(*opened);
      } else {
        refused = std::move(opened.error());
      }
      return {};
    });
    if (!failed.error_detail.empty()) {
      refused = std::move(failed);
    }
  };
  bool run = co_await offload(open);
  std::string piece;
  bool done = !exchange.has_body;
  if (run && !refused && !done) {
    co_await say_continue(exchange);
    m_write_start = coarse_now();
  }
  while (run && !refused && !done) {
    const bool good = co_await receive(exchange, piece, k_upload_piece, done);
    if (!good) {
      // The sink may have files to remove.
      co_await offload([&] { sink.reset(); });
      co_return;
    }
    phase = Phase::handling;
    deadline = 0;
    const std::int64_t before = coarse_now();
    const auto write = [&] {
      Response failed = guarded(request, [&]() -> Response {
        if (auto written = sink->write(piece); !written) {
          refused = Response::error(written.error());
        }
        return {};
      });
      if (!failed.error_detail.empty()) {
        refused = std::move(failed);
      }
    };
    run = co_await offload(write);
    m_write_start += coarse_now() - before;  // our own time is not the client's slowness
    piece.clear();
  }
  exchange.body_read = done;
  if (run && !refused) {
    const auto end = [&] {
      finish(exchange, guarded(request, [&] { return sink->finish(request); }));
      sink.reset();
    };
    run = co_await offload(end);
  }
  if (!run) {
    refused = retry_later(503, "the server has too much to do", std::chrono::seconds(1));
  }
  if (refused) {
    finish(exchange, std::move(*refused));
    if (sink) {
      co_await offload([&] { sink.reset(); });
    }
  }
}

template <class Stream>
void Connection<Stream>::log_request(const Exchange& exchange) {
  const ServerConfig& config = m_state->config;
  if (!config.access_log && !config.on_request) {
    return;
  }
  const Request& request = exchange.request;
  RequestRecord record;
  record.method = request.method;
  record.target = request.target;
  record.route = exchange.match.route ? std::string_view(exchange.match.route->pattern) : "";
  record.status = exchange.prepared.response.status;
  record.bytes_in = exchange.bytes_in;
  record.bytes_out = exchange.bytes_out;
  record.duration = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - exchange.start);
  record.remote = request.remote.text();
  record.identity = request.identity ? std::string_view(request.identity->name) : "";
  record.id = request.id;
  record.agent = request.header("User-Agent");
  record.referer = request.header("Referer");
  record.complete = exchange.complete;
  if (config.access_log) {
    log::info("{}", format_access(record));
  }
  if (config.on_request) {
    config.on_request(record);
  }
}

template <class Stream>
void Connection<Stream>::heartbeat(std::int64_t now) {
  if (m_events->overflowed()) {
    shut(true);
  } else if (now - m_last_event >= m_state->config.timeouts.heartbeat.count()) {
    static const Frame comment = std::make_shared<const std::string>(":\n\n");
    m_last_event = now;
    m_events->push(comment);
  }
}

namespace {

// Said to a client over a limit: short, and never waited for.
void turn_away(int fd) {
  static constexpr std::string_view answer =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 34\r\n"
      "Retry-After: 5\r\nConnection: close\r\n\r\n{\"detail\": \"too many connections\"}";
  ::send(fd, answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ::shutdown(fd, SHUT_WR);
}

// Not a lambda: its captures would have to outlive the coroutine.
template <class Stream>
Task<void> run(std::shared_ptr<Connection<Stream>> connection) {
  co_await connection->run();
}

template <class Stream>
void start(const std::shared_ptr<ServerState>& state,
           std::shared_ptr<Connection<Stream>> connection, int fd) {
  if (!connection->enter()) {
    ++state->refused;
    if constexpr (!Connection<Stream>::k_tls) {
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
          std::make_shared<Connection<TlsStream>>(state, fd, remote, std::move(stream), *context),
          fd);
  } else {
    start(state, std::make_shared<Connection<PlainStream>>(state, fd, remote, std::move(stream)),
          fd);
  }
}

template class Connection<PlainStream>;
template class Connection<TlsStream>;

}  // namespace patchmill::http
