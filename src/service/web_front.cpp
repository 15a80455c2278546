#include "service/web_front.hpp"

#include "api/patchwork/api.hpp"
#include "api/xmlrpc/api.hpp"
#include "http/auth.hpp"
#include "http/event_stream.hpp"
#include "http/server.hpp"
#include "registry/list_index.hpp"
#include "service/open_files.hpp"
#include "service/ops_endpoints.hpp"
#include "service/pages_health.hpp"
#include "service/range_diff.hpp"
#include "service/scopes.hpp"
#include "service/token_store.hpp"
#include "store/blob_store.hpp"
#include "store/pool.hpp"
#include "util/log.hpp"
#include "web/site.hpp"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <stop_token>
#include <thread>

namespace patchmill::service {
namespace {

constexpr unsigned k_io_threads = 1;
constexpr unsigned k_web_threads = 4;

std::optional<http::RateLimiter::Rule> rate_rule(const app::Config& config) {
  const auto requests = static_cast<double>(config.http.requests_per_minute);
  return requests > 0 ? std::optional(http::RateLimiter::Rule{requests / 60, requests})
                      : std::nullopt;
}

http::AuthOptions auth_options(const app::Config& config) {
  http::AuthOptions options;
  options.token_rate = rate_rule(config);
  return options;
}

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
    PM_TRY_ASSIGN(const auto parsed, http::Network::parse(network));
    server.trusted_proxies.push_back(parsed);
  }
  server.access_log = config.http.access_log;
  server.max_connections = make_room_for_connections(config.http.connections);
  server.max_connections_per_address = config.http.connections_per_address;
  server.address_rate = rate_rule(config);
  server.worker_threads = k_web_threads;
  return server;
}

// Lists take rows from all over a large file: of its pages few are asked for twice, and mapped ones
// count as memory of this process. The names of a million patches are sorted once, in a file rather
// than in 100 MB that glibc gives back in part only.
std::unique_ptr<store::Database> connect_sparingly(const std::string& url) {
  auto database = store::Database::open(url);
  if (database->engine() == store::Engine::sqlite) {
    database->execute_script(
        "PRAGMA mmap_size = 0; PRAGMA cache_size = -2048; PRAGMA temp_store = FILE;");
  }
  return database;
}

}  // namespace

struct WebFront::Impl {
  Impl(const app::Config& the_config, const Clock& the_clock, HealthState& the_health,
       Gauges& the_gauges)
      : config(the_config),
        clock(the_clock),
        health(the_health),
        gauges(the_gauges),
        started(the_clock.now()),
        tokens(the_config.store_url),
        authenticator(tokens, the_clock, auth_options(the_config)),
        registry_pool([url = the_config.store_url] { return connect_sparingly(url); },
                      k_web_threads),
        blobs(the_config.data / "blobs"),
        io(k_io_threads) {}

  std::shared_ptr<http::Router> make_router() {
    web::SiteConfig site;
    site.connect = [url = config.store_url] { return store::Database::open(url); };
    site.connections = k_web_threads;
    site.blobs = config.data / "blobs";
    site.live = config.data / "live";
    site.public_url = public_url();
    site.title = config.http.title;
    site.contact = config.http.contact;
    site.version = PATCHMILL_VERSION;
    std::set<std::string> lists;
    for (const auto& tree : config.trees) {
      site.trees.push_back(tree.name);
      lists.insert(tree.lists.begin(), tree.lists.end());
    }
    for (const auto& source : config.sources) {
      if (!source.list_id.empty()) {
        lists.insert(source.list_id);
      }
    }
    site.lists.assign(lists.begin(), lists.end());
    site.patches = config.patchwork.projects.empty() ? nullptr : &list_index;
    site.workers = workers;
    site.clock = &clock;
    site.hub = &hub;
    if (config.http.is_private) {
      site.guards.push_back(authenticator.require("read"));
    } else if (config.http.requests_per_minute != 0 || site.patches != nullptr) {
      // Private bundles are shown to whom they belong to.
      site.guards.push_back(authenticator.recognize());
    }
    // The configuration may change while requests are under way.
    site.hooks.health = [this, mail = config.mail] {
      const std::lock_guard lock(mutex);
      return reporter != nullptr ? pages_health(*reporter, *scheduler, workers, mail, started)
                                 : web::Health{};
    };
    site.hooks.queue_order = [this] {
      const std::lock_guard lock(mutex);
      return scheduler != nullptr ? pages_queue(*scheduler, workers)
                                  : std::vector<web::QueueSlot>{};
    };
    site.hooks.range_diff = [this, of = config](std::int64_t older, std::int64_t newer) {
      const auto database = store::Database::open(of.store_url);
      return range_diff(*database, of, clock, older, newer);
    };
    // Requests under way may still be at the one before.
    sites.push_back(std::make_unique<web::Site>(std::move(site)));
    auto router = std::make_shared<http::Router>();
    sites.back()->add_routes(*router);
    ops.push_back(std::make_unique<OpsEndpoints>(ops_options(), health, gauges, clock));
    ops.back()->add_routes(*router);
    if (!config.patchwork.projects.empty()) {
      add_patchwork(*router);
    }
    return router;
  }

  // Another store needs a restart, so what is read from it is kept over a reload.
  void add_patchwork(http::Router& router) {
    api::patchwork::Options options;
    options.open = api::patchwork::registry_of(registry_pool, blobs, clock, &list_index);
    options.authenticator = &authenticator;
    options.public_url = config.http.url;
    options.is_private = config.http.is_private;
    api::patchwork::add_routes(router, options);
    api::xmlrpc::add_routes(router, std::move(options));
    if (!index_reader.joinable()) {
      index_reader = std::jthread([this](const std::stop_token& stop) { read_index(stop); });
    }
  }

  // So that nobody waits for it; what is missing the first question reads.
  void read_index(const std::stop_token& stop) {
    try {
      list_index.load(*registry_pool.lease(), stop);
    } catch (const store::DatabaseError& error) {
      log::warning("the lists of Patchwork's API could not be read beforehand: {}", error.what());
    }
    ::malloc_trim(0);  // sorting takes as much again for a moment
  }

  OpsOptions ops_options() {
    OpsOptions options;
    options.store_url = config.store_url;
    options.data = config.data;
    for (const auto& tree : config.trees) {
      options.projects.push_back(tree.name);
    }
    options.http_stats = [this] {
      const http::Server* running = listening;
      return running != nullptr ? running->stats() : http::ServerStats();
    };
    options.part_figures = [this]() -> std::optional<PartFigures> {
      const std::lock_guard lock(mutex);
      return reporter != nullptr ? std::optional(reporter->figures()) : std::nullopt;
    };
    if (config.http.is_private) {
      options.metrics_guards.push_back(authenticator.require(std::string(scope::metrics)));
      // Who watches whether it is up needs no token; why it is not is nobody else's business.
      options.healthz_guards.push_back(authenticator.optional());
      options.may_see_details = [](const http::Request& request) {
        return request.identity && request.identity->allows(scope::read);
      };
    }
    return options;
  }

  [[nodiscard]] std::string public_url() const {
    if (!config.http.url.empty() || !server) {
      return config.http.url;
    }
    const auto all = server->addresses();
    return all.empty() ? "" : all.front();
  }

  app::Config config;
  const Clock& clock;
  HealthState& health;
  Gauges& gauges;
  const Timestamp started;
  SqlTokenStore tokens;
  http::Authenticator authenticator;
  store::Pool registry_pool;
  store::BlobStore blobs;
  registry::ListIndex list_index;
  std::mutex mutex;  // guards the three below
  const HealthReporter* reporter = nullptr;
  const Scheduler* scheduler = nullptr;
  unsigned workers = 1;
  http::EventHub hub;
  std::vector<std::unique_ptr<web::Site>> sites;   // the last one is in use
  std::vector<std::unique_ptr<OpsEndpoints>> ops;  // likewise
  std::jthread index_reader;
  http::IoThreads io;
  std::unique_ptr<http::Server> server;
  std::atomic<const http::Server*> listening = nullptr;
};

WebFront::WebFront(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}

WebFront::~WebFront() {
  stop();
}

Result<std::unique_ptr<WebFront>> WebFront::start(const app::Config& config, const Clock& clock,
                                                  HealthState& health, Gauges& gauges) {
  auto impl = std::make_unique<Impl>(config, clock, health, gauges);
  PM_TRY_ASSIGN(auto server, server_config(config));
  auto router = impl->make_router();
  server.error_page = impl->sites.back()->error_page();
  server.on_request = [&gauges](const http::RequestRecord& record) { gauges.http_request(record); };
  PM_TRY_ASSIGN(impl->server,
                http::Server::start(impl->io.context(), std::move(server), std::move(router)));
  impl->listening = impl->server.get();
  if (config.http.url.empty()) {
    // The address is known only now.
    impl->server->set_router(impl->make_router());
  }
  return std::unique_ptr<WebFront>(new WebFront(std::move(impl)));
}

void WebFront::watch(const HealthReporter& reporter, const Scheduler& scheduler, unsigned workers) {
  const std::lock_guard lock(m_impl->mutex);
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

void WebFront::publish(const store::Event& event) {
  web::publish(m_impl->hub, event);
}

void WebFront::stop() {
  if (m_impl->server) {
    m_impl->hub.close();
    for (const auto& site : m_impl->sites) {
      site->close();
    }
    m_impl->server->stop(std::chrono::milliseconds(500));
    m_impl->server.reset();
  }
}

std::vector<std::string> WebFront::addresses() const {
  return m_impl->server->addresses();
}

std::string WebFront::public_url() const {
  return m_impl->public_url();
}

}  // namespace patchmill::service
