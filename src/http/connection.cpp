#include "http/connection.hpp"

#include "util/log.hpp"

#include <algorithm>
#include <utility>

namespace patchmill::http {
namespace {

constexpr std::int64_t k_rate_grace = 10'000;  // ms

}  // namespace

bool Connection::enter() {
  const auto& proxies = m_state->config.trusted_proxies;
  m_counted =
      !remote().local && std::none_of(proxies.begin(), proxies.end(),
                                      [&](const Network& n) { return n.contains(remote()); });
  phase = Phase::idle;
  deadline = coarse_now() + (m_tls ? m_state->config.timeouts.handshake.count()
                                   : m_state->config.timeouts.head.count());
  m_registered = m_state->add(this, m_counted);
  return m_registered;
}

void Connection::leave() {
  if (std::exchange(m_registered, false)) {
    m_state->remove(this, m_counted);
  }
}

Task<void> Connection::run() {
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

Task<std::optional<RequestHead>> Connection::read_head() {
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
Task<void> Connection::respond_error(int status, std::string detail) {
  Exchange exchange(*m_state);
  exchange.request.remote = remote();
  exchange.request.id = m_state->new_request_id();
  exchange.keep_alive = false;
  m_unread = true;
  exchange.finish(Response::error(status, std::move(detail)));
  co_await write_response(exchange);
  exchange.log_access();
}

Task<bool> Connection::serve(RequestHead head) {
  Exchange exchange(*m_state);
  phase = Phase::handling;
  deadline = 0;
  auto refused = exchange.understand(std::move(head), remote(), m_tls);
  if (refused) {
    exchange.finish(std::move(*refused));
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
  exchange.log_access();
  co_return exchange.complete&& exchange.keep_alive && !stopping;
}

Task<bool> Connection::offload(const std::function<void()>& work) {
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

std::int64_t Connection::transfer_deadline(std::uint64_t bytes,
                                           std::chrono::milliseconds idle) const {
  const std::int64_t by_idle = coarse_now() + idle.count();
  const std::uint64_t least_rate = m_state->config.timeouts.least_bytes_per_second;
  if (least_rate == 0) {
    return by_idle;
  }
  return std::min(by_idle, m_transfer_start + k_rate_grace +
                               static_cast<std::int64_t>(bytes * 1000 / least_rate));
}

void Connection::heartbeat(std::int64_t now) {
  if (m_events->overflowed()) {
    shut(true);
  } else if (now - m_last_event >= m_state->config.timeouts.heartbeat.count()) {
    static const Frame comment = std::make_shared<const std::string>(":\n\n");
    m_last_event = now;
    m_events->push(comment);
  }
}

}  // namespace patchmill::http
