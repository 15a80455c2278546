#include "service/pages_health.hpp"

#include "service/worker_pool.hpp"

#include <algorithm>

namespace patchmill::service {
namespace {

constexpr std::size_t k_most_places = 1000;

web::TreeHealth tree_of(const TreeHealth& tree) {
  web::TreeHealth result;
  result.name = tree.name;
  result.url = tree.url;
  result.branch = tree.branch;
  result.tip = tree.tip;
  result.fetched = tree.fetched;
  result.next_fetch = tree.next_fetch;
  result.reason = tree.error.empty() && tree.tip.empty() ? "not fetched yet" : tree.error;
  // What was fetched before stays in use.
  result.condition = !tree.error.empty()
                         ? tree.tip.empty() ? web::Condition::broken : web::Condition::waiting
                     : tree.tip.empty() ? web::Condition::waiting
                                        : web::Condition::good;
  return result;
}

web::SourceHealth source_of(const intake::SourceHealth& source) {
  web::SourceHealth result;
  result.name = source.name;
  result.where = source.place;
  result.reason = source.error.empty() && source.state == intake::SourceState::starting
                      ? "starting"
                      : source.error;
  result.checked = source.last_success;
  result.last_mail = source.last_mail;
  result.next_check = source.next_attempt;
  result.mails = source.mails;
  result.condition = source.state == intake::SourceState::failing ? web::Condition::broken
                     : !source.error.empty() || source.state == intake::SourceState::starting
                         ? web::Condition::waiting
                         : web::Condition::good;
  return result;
}

std::vector<web::WorkerHealth> workers_of(const Scheduler& scheduler, unsigned count) {
  std::vector<web::WorkerHealth> workers(count);
  for (unsigned i = 0; i < count; ++i) {
    workers[i].name = WorkerPool::name_of(i);
    workers[i].runtime = "local";
  }
  for (const auto& claim : scheduler.running()) {
    auto worker = std::ranges::find(workers, claim->worker, &web::WorkerHealth::name);
    if (worker == workers.end()) {  // too many since a reload, and leaves when it is done
      worker = workers.insert(worker, web::WorkerHealth{});
      worker->name = claim->worker;
      worker->runtime = "local";
    }
    worker->lane = claim->lane;
    worker->since = claim->started;
  }
  return workers;
}

std::string where_to(const reports::MailConfig& mail) {
  switch (mail.route) {
    case reports::Route::smtp:
      return "SMTP to " + mail.smtp.host;
    case reports::Route::maildir:
      return "maildir";
    case reports::Route::command:
      return "command";
    case reports::Route::none:
      break;
  }
  return {};
}

}  // namespace

web::Health pages_health(const HealthReporter& reporter, const Scheduler& scheduler,
                         unsigned workers, const reports::MailConfig& mail, Timestamp started) {
  web::Health health;
  health.started = started;
  for (const auto& tree : reporter.trees()) {
    health.trees.push_back(tree_of(tree));
  }
  for (const auto& source : reporter.sources()) {
    health.sources.push_back(source_of(source));
  }
  health.workers = workers_of(scheduler, workers);
  if (mail.enabled()) {
    health.destinations.push_back({std::string(reports::k_outbox_kind), where_to(mail)});
  }
  if (const std::string error = reporter.patchwork_error(); !error.empty()) {
    health.notes.push_back("Patchwork's API: " + error);
  }
  return health;
}

std::vector<web::QueueSlot> pages_queue(const Scheduler& scheduler, unsigned workers) {
  std::vector<web::QueueSlot> slots;
  for (const auto& place : scheduler.order(k_most_places, workers)) {
    web::QueueSlot slot;
    slot.lane = place.lane;
    if (place.starts_in) {
      slot.starts_in = static_cast<std::uint64_t>(place.starts_in->count());
    }
    slots.push_back(slot);
  }
  return slots;
}

}  // namespace patchmill::service
