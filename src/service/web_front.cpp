#include "service/web_front.hpp"

#include "http/event_stream.hpp"
#include "http/server.hpp"
#include "service/health_json.hpp"
#include "util/log.hpp"

#include <fmt/format.h>

namespace patchmill::service {
namespace {

constexpr unsigned k_io_threads = 1;

Result<http::ServerConfig> server_config(const app::Config& config) {
  http::ServerConfig server;
  const bool tls = !config.http.certificate.empty();
  for (const auto& address : config.http.listen) {
    server.listen.push_back({address, tls && !address.starts_with("unix:")});
  }
  if (tls) {
    server.tls = http::TlsFiles{config.http.certificate, config.http.key};
  }
  for (const auto& network : config.http.trusted_proxies) {
    PM_TRY_ASSIGN(auto parsed, http::Network::parse(network));
    server.trusted_proxies.push_back(std::move(parsed));
  }
  server.access_log = config.http.access_log;
  return server;
}

}  // namespace

struct WebFront::Impl {
  Impl(const app::Config& the_config, const Clock& the_clock, HealthState& the_health)
      : config(the_config), clock(the_clock), health(the_health), io(k_io_threads) {}

  std::shared_ptr<http::Router> make_router() {
    auto router = std::make_shared<http::Router>();
    return router;
  }

  app::Config config;
  const Clock& clock;
  HealthState& health;
  const HealthReporter* reporter = nullptr;
  const Scheduler* scheduler = nullptr;
  unsigned workers = 1;
  http::EventHub hub;
  http::IoThreads io;
  std::unique_ptr<http::Server> server;
};

WebFront::WebFront(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}

WebFront::~WebFront() {
  stop();
}

Result<std::unique_ptr<WebFront>> WebFront::start(const app::Config& config, const Clock& clock,
                                                  HealthState& health) {
  auto impl = std::make_unique<Impl>(config, clock, health);
  PM_TRY_ASSIGN(auto server, server_config(config));
  PM_TRY_ASSIGN(impl->server,
                http::Server::start(impl->io.context(), std::move(server), impl->make_router()));
  return std::unique_ptr<WebFront>(new WebFront(std::move(impl)));
}

void WebFront::watch(const HealthReporter& reporter, const Scheduler& scheduler, unsigned workers) {
  m_impl->reporter = &reporter;
  m_impl->scheduler = &scheduler;
  m_impl->workers = workers;
}

Result<void> WebFront::reload(const app::Config& config) {
  if (config.http.listen != m_impl->config.http.listen ||
      config.http.certificate.empty() != m_impl->config.http.certificate.empty()) {
    return fail(ErrorKind::conflict,
                "other addresses to listen on need a restart of the service; nothing was changed");
  }
  PM_TRY(server_config(config));
  if (!config.http.certificate.empty()) {
    PM_TRY(m_impl->server->reload_tls());
  }
  m_impl->config = config;
  m_impl->server->set_router(m_impl->make_router());
  return {};
}

void WebFront::publish(const store::Event&) {}

void WebFront::stop() {
  if (m_impl->server) {
    m_impl->hub.close();
    m_impl->server->stop(std::chrono::milliseconds(500));
    m_impl->server.reset();
  }
}

std::vector<std::string> WebFront::addresses() const {
  return m_impl->server->addresses();
}

std::string WebFront::public_url() const {
  if (!m_impl->config.http.url.empty()) {
    return m_impl->config.http.url;
  }
  const auto all = addresses();
  return all.empty() ? "" : all.front();
}

}  // namespace patchmill::service
