#pragma once
// The pages about the service itself: queue, health, statistics, about.

#include "web/health.hpp"
#include "web/page.hpp"
#include "web/queue_model.hpp"
#include "web/stats_model.hpp"

#include <boost/json/fwd.hpp>

namespace patchmill::web {

Page queue_page(const SiteWords& words, const QueueModel& model, Timestamp now);
boost::json::object queue_json(const SiteWords& words, const QueueModel& model);

// What the store knows about a way out.
struct OutboxRow {
  std::string kind, where;  // see Destination
  std::uint64_t waiting = 0, failed = 0;
  // Of those that wait: when the oldest was written down, and the oldest that was tried in vain;
  // when the next is due.
  std::optional<Timestamp> waiting_since, failing_since, next_try;
  std::optional<Timestamp> last_sent;
  std::string error;  // the newest one
  [[nodiscard]] Condition condition() const;
};
struct HealthModel {
  std::optional<Health> service;  // none: nobody tells
  std::vector<OutboxRow> outbox;
  std::uint64_t held = 0, in_doubt = 0, failed = 0;  // mails a person has to decide about
  std::uint64_t unusable = 0;                        // mails that came and could not be used
};
HealthModel read_health(store::Database& database, std::optional<Health> service);
// The worst of all parts.
Condition overall(const HealthModel& model);
Page health_page(const SiteWords& words, const HealthModel& model, Timestamp now);
boost::json::object health_json(const SiteWords& words, const HealthModel& model);

Page stats_page(const SiteWords& words, const StatsModel& model, int days);
boost::json::object stats_json(const StatsModel& model);

Page about_page(const SiteWords& words);
boost::json::object about_json(const SiteWords& words);

}  // namespace patchmill::web
