#include "http/server_state.hpp"

#include "util/log.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

namespace patchmill::http {

std::int64_t coarse_now() {
  timespec now{};
  static_cast<void>(::clock_gettime(CLOCK_MONOTONIC_COARSE, &now));  // every kernel has this clock
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

void Watched::shut(bool both) const {
  ::shutdown(m_fd, both ? SHUT_RDWR : SHUT_RD);
}

ServerState::ServerState(asio::io_context& context, ServerConfig server_config)
    : io(context),
      config(std::move(server_config)),
      prepare_options{config.error_page, config.hsts},
      pool(std::max(1u, config.worker_threads)) {
  if (config.address_rate) {
    address_rate.emplace(*config.address_rate);
  }
  ::RAND_bytes(reinterpret_cast<unsigned char*>(&id_seed), sizeof(id_seed));
}

std::shared_ptr<const Router> ServerState::router() const {
  const std::lock_guard lock(m_config_mutex);
  return m_router;
}

void ServerState::set_router(std::shared_ptr<const Router> router) {
  const std::lock_guard lock(m_config_mutex);
  m_router = std::move(router);
}

std::shared_ptr<asio::ssl::context> ServerState::tls() const {
  const std::lock_guard lock(m_config_mutex);
  return m_tls;
}

Result<void> ServerState::load_tls() {
  if (!config.tls) {
    return fail(ErrorKind::invalid, "no certificate is configured");
  }
  auto fresh = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX* const raw = fresh->native_handle();
  ::SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  ::SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  ::SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  ::SSL_CTX_set_alpn_select_cb(
      raw,
      [](SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
         unsigned in_size, void*) {
        static const unsigned char http11[] = "\x08http/1.1";
        unsigned char* chosen = nullptr;
        if (::SSL_select_next_proto(&chosen, out_size, http11, sizeof(http11) - 1, in, in_size) !=
            OPENSSL_NPN_NEGOTIATED) {
          return SSL_TLSEXT_ERR_NOACK;
        }
        *out = chosen;
        return SSL_TLSEXT_ERR_OK;
      },
      nullptr);
  boost::system::error_code error;
  fresh->use_certificate_chain_file(config.tls->certificate.string(), error);
  if (error) {
    return fail(ErrorKind::invalid, "the certificate " + config.tls->certificate.string() +
                                        " cannot be used: " + error.message());
  }
  fresh->use_private_key_file(config.tls->key.string(), asio::ssl::context::pem, error);
  if (error || ::SSL_CTX_check_private_key(raw) != 1) {
    return fail(ErrorKind::invalid,
                "the key " + config.tls->key.string() + " cannot be used with the certificate " +
                    config.tls->certificate.string() + ": " +
                    (error ? error.message() : std::string("it belongs to another one")));
  }
  const std::lock_guard lock(m_config_mutex);
  m_tls = std::move(fresh);
  return {};
}

std::string ServerState::new_request_id() {
  return fmt::format("{:08x}-{:x}", id_seed & 0xffffffffu, ++next_id);
}

bool ServerState::add(Watched* connection, bool counted_by_address) {
  const std::lock_guard lock(m_mutex);
  if (stopping || m_connections.size() >= config.max_connections) {
    return false;
  }
  if (counted_by_address) {
    std::size_t& count = m_by_address[connection->remote().limit_key()];
    if (count >= config.max_connections_per_address) {
      return false;
    }
    ++count;
  }
  m_connections.insert(connection);
  return true;
}

void ServerState::remove(Watched* connection, bool counted_by_address) {
  const std::lock_guard lock(m_mutex);
  m_connections.erase(connection);
  if (counted_by_address) {
    const auto found = m_by_address.find(connection->remote().limit_key());
    if (found != m_by_address.end() && --found->second == 0) {
      m_by_address.erase(found);
    }
  }
  if (m_connections.empty()) {
    m_empty.notify_all();
  }
}

void ServerState::watch_one(Watched& connection, std::int64_t now) {
  const std::int64_t deadline = connection.deadline;
  if (deadline == 0 || now < deadline) {
    return;
  }
  const bool first = !connection.timed_out.exchange(true);
  const auto phase = connection.phase.load();
  if (first && phase != Watched::Phase::idle) {
    ++timed_out;
  }
  if (first && phase == Watched::Phase::reading) {
    connection.deadline = now + 2000;  // for the answer that says so
    connection.shut(false);
  } else {
    connection.shut(true);
  }
}

void ServerState::watch_tick() {
  const std::int64_t now = coarse_now();
  std::vector<pollfd> streams;
  std::vector<Watched*> watched;
  const std::lock_guard lock(m_mutex);
  for (Watched* connection : m_connections) {
    if (connection->phase == Watched::Phase::streaming_events) {
      streams.push_back({connection->fd(), POLLRDHUP, 0});
      watched.push_back(connection);
      connection->heartbeat(now);
    }
    watch_one(*connection, now);
  }
  // Nobody reads from a connection that sends events, so its end would go unseen.
  if (!streams.empty() && ::poll(streams.data(), streams.size(), 0) > 0) {
    for (std::size_t i = 0; i < streams.size(); ++i) {
      if ((streams[i].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) {
        watched[i]->end_events();
        watched[i]->shut(true);
      }
    }
  }
}

void ServerState::begin_stop() {
  stop_source.request_stop();
  const std::lock_guard lock(m_mutex);
  stopping = true;
  for (Watched* connection : m_connections) {
    connection->stopping = true;
    if (connection->phase == Watched::Phase::streaming_events) {
      connection->end_events();
    } else if (connection->phase == Watched::Phase::idle) {
      connection->shut(true);
    }
  }
}

void ServerState::cut_all() {
  const std::lock_guard lock(m_mutex);
  for (Watched* connection : m_connections) {
    connection->shut(true);
  }
}

bool ServerState::wait_empty(std::chrono::milliseconds limit) {
  std::unique_lock lock(m_mutex);
  return m_empty.wait_for(lock, limit, [&] { return m_connections.empty(); });
}

std::pair<std::size_t, std::size_t> ServerState::count() const {
  const std::lock_guard lock(m_mutex);
  std::size_t streams = 0;
  for (const Watched* connection : m_connections) {
    if (connection->phase == Watched::Phase::streaming_events) {
      ++streams;
    }
  }
  return {m_connections.size(), streams};
}

Task<void> watch_loop(std::shared_ptr<ServerState> state) {
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>, Executor>
      timer(state->io.get_executor());
  while (true) {
    timer.expires_after(std::chrono::milliseconds(250));
    boost::system::error_code error;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable_t<Executor>{}, error));
    state->watch_tick();
    if (state->stopping && state->count().first == 0) {
      co_return;
    }
  }
}

}  // namespace patchmill::http
