#include "service/ops_endpoints.hpp"

#include "pipeline/pauses.hpp"
#include "pipeline/requests.hpp"
#include "service/health_json.hpp"
#include "util/log.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace patchmill::service {

OpsEndpoints::OpsEndpoints(OpsOptions options, const HealthState& health, const Gauges& gauges,
                           const Clock& clock)
    : m_options(std::move(options)),
      m_health(health),
      m_gauges(gauges),
      m_clock(clock),
      m_start(clock.now()) {}

http::Response OpsEndpoints::healthz(const http::Request& request) const {
  const PartState worst = m_health.worst();
  boost::json::object out{{"status", to_string(worst)}, {"time", to_iso(m_clock.now())}};
  boost::json::object parts;
  if (!m_options.may_see_details || m_options.may_see_details(request)) {
    parts = to_json(m_health.parts());
  } else {
    for (const PartHealth& part : m_health.parts()) {
      parts[to_string(part.part)] = {{"state", to_string(part.state)},
                                     {"since", to_iso(part.since)}};
    }
  }
  out["parts"] = std::move(parts);
  auto response = http::Response::json(boost::json::serialize(out) + "\n",
                                       worst == PartState::down ? 503 : 200);
  response.headers.add("Cache-Control", "no-store");
  response.auto_etag = false;
  return response;
}

StoreFigures OpsEndpoints::read_figures(store::Database& database) const {
  StoreFigures figures;
  figures.verdicts = pipeline::verdict_counts(database);
  figures.queue = pipeline::queue_by_project(database, m_clock.now());
  figures.running = pipeline::running_nodes(database, 100'000).size();
  figures.pauses = pipeline::Pauses(database, m_clock).list().size();
  figures.requests = pipeline::Requests(database, m_clock).list(100'000).size();
  figures.mails = reports::mail_counts(database);
  figures.outbox = store::outbox_counts(database);
  const auto events = store::last_events(database, 1);
  figures.last_event = events.empty() ? 0 : events.back().id;
  figures.store_bytes = store::store_bytes(database);
  return figures;
}

std::optional<StoreFigures> OpsEndpoints::figures() {
  const std::lock_guard lock(m_mutex);
  const auto now = std::chrono::steady_clock::now();
  if (m_figures && now - m_read < k_cache) {
    return m_figures;
  }
  try {
    if (!m_database) {
      m_database = store::Database::open(m_options.store_url);
    }
    m_figures = read_figures(*m_database);
    m_read = now;
    return m_figures;
  } catch (const store::DatabaseError& problem) {
    log::warning("metrics without the store: {}", problem.what());
    m_database.reset();
    m_figures.reset();
    return std::nullopt;
  }
}

void OpsEndpoints::add_routes(http::Router& router) {
  http::Route health;
  health.method = "GET";
  health.pattern = "/healthz";
  health.guards = m_options.healthz_guards;
  if (health.guards.empty()) {
    health.run = http::Run::loop;  // answers also when every worker waits for the store
  }
  health.handler = [this](http::Request& request) { return healthz(request); };
  router.add(std::move(health));
  http::Route scrape;
  scrape.method = "GET";
  scrape.pattern = "/metrics";
  scrape.guards = m_options.metrics_guards;
  scrape.handler = [this](http::Request&) {
    auto response = http::Response::text(metrics());
    response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.headers.add("Cache-Control", "no-store");
    response.auto_etag = false;
    return response;
  };
  router.add(std::move(scrape));
}

}  // namespace patchmill::service
