#pragma once
// /metrics and /healthz.

#include "http/router.hpp"
#include "http/server.hpp"
#include "pipeline/overview.hpp"
#include "reports/mail_counts.hpp"
#include "service/gauges.hpp"
#include "service/health_state.hpp"
#include "service/part_figures.hpp"
#include "store/database.hpp"
#include "store/overview.hpp"
#include "util/clock.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::service {

struct OpsOptions {
  std::string store_url;
  std::filesystem::path data;         // whose disk is watched
  std::vector<std::string> projects;  // the configured ones; nodes of others count as "other"
  // May be empty. http::Server does not exist yet when routes are added: return {} until it does.
  std::function<http::ServerStats()> http_stats;
  // May be empty, or return nothing while the service starts or stops.
  std::function<std::optional<PartFigures>()> part_figures;
  std::vector<http::Guard> metrics_guards;  // empty: open to everybody who reaches the address
  std::vector<http::Guard> healthz_guards;  // should let anonymous requests pass
  // Whether this request may see why a part is not well; empty: every request may. Without it
  // /healthz gives the states alone.
  std::function<bool(const http::Request&)> may_see_details;
};

// What /metrics reads from the store, at most once in k_cache.
struct StoreFigures {
  std::map<std::string, std::int64_t> verdicts;
  std::vector<pipeline::QueueOfProject> queue;
  std::size_t running = 0, pauses = 0, requests = 0;
  std::vector<reports::MailCount> mails;
  std::vector<store::OutboxCounts> outbox;
  std::int64_t last_event = 0, store_bytes = 0;
};

// Thread-safe. Outlives the router's last request; everything it is given outlives it.
class OpsEndpoints {
 public:
  static constexpr std::chrono::seconds k_cache{5};

  OpsEndpoints(OpsOptions options, const HealthState& health, const Gauges& gauges,
               const Clock& clock);

  // GET /healthz: 200 while everything works or some of it does not, 503 when a part is down.
  // JSON {"status", "time", "parts": {NAME: {"state", "since", "message", "todo", "ok", "items"}}}.
  // GET /metrics: text format 0.0.4. A store that does not answer is no error: its figures are
  // missing then, and patchmill_store_up is 0.
  void add_routes(http::Router& router);

  [[nodiscard]] std::string metrics();  // the text of /metrics
  [[nodiscard]] http::Response healthz(const http::Request& request) const;

 private:
  std::optional<StoreFigures> figures();
  StoreFigures read_figures(store::Database& database) const;

  const OpsOptions m_options;
  const HealthState& m_health;
  const Gauges& m_gauges;
  const Clock& m_clock;
  const Timestamp m_start;
  std::mutex m_mutex;  // of what follows
  std::unique_ptr<store::Database> m_database;
  std::optional<StoreFigures> m_figures;
  std::chrono::steady_clock::time_point m_read{};
};

}  // namespace patchmill::service
