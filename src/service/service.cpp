#include "service/service.hpp"

#include "app/live_log.hpp"
#include "app/mail_stage.hpp"
#include "app/run_lock.hpp"
#include "app/workspace.hpp"
#include "http/server.hpp"
#include "intake/importer.hpp"
#include "intake/live_intake.hpp"
#include "patchwork/answer.hpp"
#include "pipeline/node_store.hpp"
#include "pipeline/work_store.hpp"
#include "service/dependents.hpp"
#include "service/event_pump.hpp"
#include "service/front_loop.hpp"
#include "service/health_reporter.hpp"
#include "service/holder.hpp"
#include "service/mail_thread.hpp"
#include "service/patchwork_loop.hpp"
#include "service/registry_loop.hpp"
#include "service/retention_thread.hpp"
#include "service/scheduler.hpp"
#include "service/tree_loop.hpp"
#include "service/web_front.hpp"
#include "service/webhook_loop.hpp"
#include "service/work_counter.hpp"
#include "service/worker_pool.hpp"
#include "util/log.hpp"
#include "util/subprocess.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <span>
#include <thread>

namespace patchmill::service {
namespace {

bool same_tree(const placement::TreeSpec& a, const placement::TreeSpec& b) {
  return a.name == b.name && a.url == b.url && a.branch == b.branch && a.lists == b.lists &&
         a.subject_tags == b.subject_tags && a.paths == b.paths;
}

// Events that say a series is another one than before.
bool changes_series(std::string_view kind) {
  return kind.starts_with("series-") && kind != "series-verdict";
}

}  // namespace

// Members are in the order in which they are needed: the last one made is the first to end.
struct Service::Parts {
  Parts(app::Config the_config, LockFile run, LockFile intake)
      : config(std::move(the_config)),
        run_lock(std::move(run)),
        intake_lock(std::move(intake)),
        blobs(config.data / "blobs") {}

  [[nodiscard]] std::function<std::unique_ptr<store::Database>()> opener() const {
    return [url = config.store_url] { return store::Database::open(url); };
  }

  void on_events(store::Database& database, std::span<const store::Event> batch) {
    look_at_dependents(database, batch);
    bool news = false;
    bool mails = false;
    for (const auto& event : batch) {
      // Verdicts of ours, and what people release by the command line.
      mails = mails || event.kind == "series-verdict" || event.kind == "mail-queued";
      web->publish(event);
      counter.see(event);
      if (event.series && changes_series(event.kind)) {
        front->look_at(*event.series);
        news = news || event.kind == "series-completed";
      } else if (event.kind == "patchwork-patch-changed") {
        look_at_patch(database, event.payload);
      } else if (event.kind == "patchwork-retest") {
        test_again(database, event.payload);
      } else if (event.kind == "work-paused" || event.kind == "work-resumed") {
        scheduler->set_pauses(pipeline::Pauses(database, clock).list());
      } else if (event.kind == "retry-requested" || event.kind == "cancel-requested") {
        front->requests();
      }
    }
    if (std::ranges::any_of(batch, [](const auto& event) { return event.series.has_value(); })) {
      const std::lock_guard lock(patchworks_mutex);
      for (const auto& [name, loop] : patchworks) {
        loop->wake();
      }
      for (const auto& [url, loop] : webhooks) {
        loop->wake();
      }
    }
    if (!batch.empty()) {
      registry->wake();
    }
    if (news) {
      front->news();
    }
    if (mails) {
      mail->wake();
    }
    front->reached(batch.back().id);
  }

  // They are tested on top of the newest revision.
  void look_at_dependents(store::Database& database, std::span<const store::Event> batch) {
    std::vector<std::int64_t> changed;
    for (const auto& event : batch) {
      // What is new is told of once more when it is complete.
      if (event.series && changes_series(event.kind) && event.kind != "series-created") {
        changed.push_back(*event.series);
      }
    }
    tracker::Queries queries(database, blobs);
    for (const std::int64_t series : dependents_of(database, queries, changed)) {
      front->look_at_behind_others(series);
    }
  }

  std::optional<std::int64_t> series_of_payload(store::Database& database,
                                                std::string_view payload) {
    const auto patch = patchwork::parse_answer(payload);
    const auto* object = patch ? patch->if_object() : nullptr;
    return object != nullptr
               ? tracker::Queries(database, blobs).series_of(patchwork::text_of(*object, "msgid"))
               : std::nullopt;
  }

  // Another state there may select its series.
  void look_at_patch(store::Database& database, std::string_view payload) {
    if (const auto series = series_of_payload(database, payload)) {
      front->look_at(*series);
    }
    const std::lock_guard lock(patchworks_mutex);
    for (const auto& [name, loop] : patchworks) {
      loop->wake();
    }
  }

  // Somebody there wants another test. Whoever sent the series may, so that nothing is begun by it
  // that was left out, and nothing that is under way anew.
  void test_again(store::Database& database, std::string_view payload) {
    if (const auto series = series_of_payload(database, payload)) {
      const auto verdict = pipeline::NodeStore(database, clock).verdict(*series);
      const bool judged = verdict && verdict->verdict != findings::Verdict::skip &&
                          !pipeline::WorkStore(database).open_run_of(*series);
      front->look_at(*series, judged);
    }
  }

  void set_shares() {
    for (const auto& [tree, share] : config.shares) {
      scheduler->set_weight(share.project, share.weight);
    }
  }

  void follow_trees() {
    std::erase_if(trees, [&](const auto& entry) {
      return std::ranges::none_of(
          config.trees, [&](const auto& tree) { return same_tree(tree, entry.second->spec()); });
    });
    for (const auto& tree : config.trees) {
      if (!trees.contains(tree.name)) {
        trees[tree.name] = std::make_unique<TreeLoop>(
            config, tree, clock, [this](const std::string&) { front->news(); });
      }
    }
  }

  void post_checks() {
    std::map<std::string, std::unique_ptr<PatchworkLoop>> now;
    const std::lock_guard lock(patchworks_mutex);
    for (const auto& source : config.sources) {
      const auto* spec = std::get_if<intake::PatchworkSpec>(&source.kind);
      if (spec == nullptr || (!spec->checks && spec->states.empty() && spec->delegates.empty())) {
        continue;
      }
      auto& before = patchworks[source.name];
      if (!before || before->source() != source) {
        before.reset();  // never two at the same time
        before = std::make_unique<PatchworkLoop>(config, source,
                                                 reports::Links::at(web->public_url()), clock);
      } else {
        before->try_again();
      }
      now[source.name] = std::move(before);
    }
    patchworks = std::move(now);
  }

  void tell_webhooks() {
    std::map<std::string, std::vector<app::WebhookConfig>> wanted;
    for (const auto& hook : config.webhooks) {
      wanted[hook.url].push_back(hook);
    }
    std::map<std::string, std::unique_ptr<WebhookLoop>> now;
    const std::lock_guard lock(patchworks_mutex);
    for (auto& [url, hooks] : wanted) {
      auto& before = webhooks[url];
      if (!before || before->hooks() != hooks) {
        before.reset();  // never two at the same time
        before = std::make_unique<WebhookLoop>(config, std::move(hooks), web->public_url(), clock);
      } else {
        before->try_again();
      }
      now[url] = std::move(before);
    }
    webhooks = std::move(now);
    drop_other_webhooks(config);
  }

  std::vector<intake::SourceHealth> source_health() {
    auto all = sources->health();
    const std::lock_guard lock(patchworks_mutex);
    for (const auto& [name, loop] : patchworks) {
      all.push_back(loop->health());
    }
    for (const auto& [url, loop] : webhooks) {
      all.push_back(loop->health());
    }
    return all;
  }

  SystemClock clock;
  app::Config config;
  LockFile run_lock, intake_lock;
  store::BlobStore blobs;
  ServiceOptions options;
  std::unique_ptr<HealthState> health;
  Gauges gauges;
  WorkCounter counter{gauges};
  std::unique_ptr<Scheduler> scheduler;
  std::unique_ptr<WebFront> web;
  std::unique_ptr<FrontLoop> front;
  std::unique_ptr<WorkerPool> workers;
  SystemProcessRunner processes;
  std::unique_ptr<MailThread> mail;
  std::unique_ptr<RegistryLoop> registry;
  std::mutex patchworks_mutex;
  std::map<std::string, std::unique_ptr<PatchworkLoop>> patchworks;  // by source
  std::map<std::string, std::unique_ptr<WebhookLoop>> webhooks;      // by address
  std::unique_ptr<EventPump> events;
  std::map<std::string, std::unique_ptr<TreeLoop>> trees;
  std::unique_ptr<intake::MailWriter> writer;
  std::unique_ptr<intake::LiveIntake> sources;
  std::unique_ptr<HealthReporter> reporter;
  std::unique_ptr<RetentionThread> retention;
};

Service::Service(std::unique_ptr<Parts> parts) : m_parts(std::move(parts)) {}

Service::~Service() {
  stop();
}

Result<std::unique_ptr<Service>> Service::start(app::Config config, ServiceOptions options) {
  // Makes the folder and brings the schema up to date.
  PM_TRY_ASSIGN(const auto workspace, app::Workspace::open(config));
  PM_TRY_ASSIGN(auto run_lock, app::lock_runs(config, false));
  PM_TRY_ASSIGN(auto intake_lock, intake::lock_intake(config.data, false));
  app::LiveLog::remove_all(config.data / "live");
  auto parts =
      std::make_unique<Parts>(std::move(config), std::move(run_lock), std::move(intake_lock));
  Parts& p = *parts;
  p.options = std::move(options);
  if (!p.options.make_runtime) {
    p.options.make_runtime = runtimes::make_local_runtime;
  }
  try {
    p.health = std::make_unique<HealthState>(p.clock);
    p.scheduler = std::make_unique<Scheduler>(p.opener(), p.clock, holder_name());
    p.scheduler->set_pauses(pipeline::Pauses(workspace->database(), p.clock).list());
    p.set_shares();
    PM_TRY_ASSIGN(p.web, WebFront::start(p.config, p.clock, *p.health, p.gauges));
    p.front = std::make_unique<FrontLoop>(p.config, *p.scheduler, p.clock, app::note_verdicts);
    p.workers = std::make_unique<WorkerPool>(
        p.config, workers_of(p.config), *p.scheduler, p.options.make_runtime, app::note_verdicts,
        [&p](std::int64_t series) { p.front->give_up(series); });
    p.mail = std::make_unique<MailThread>(p.config, p.clock, p.processes);
    p.mail->start();
    p.registry = std::make_unique<RegistryLoop>(p.config, p.web->public_url(), p.clock);
    p.post_checks();
    p.tell_webhooks();
    p.events = std::make_unique<EventPump>(
        p.opener(), std::string(FrontLoop::k_cursor),
        [&p](store::Database& database, std::span<const store::Event> batch) {
          p.on_events(database, batch);
        });
    p.follow_trees();
    p.writer = std::make_unique<intake::MailWriter>(
        p.opener(), p.blobs, p.clock, tracker::TrackerOptions{},
        [&p](const tracker::IngestOutcome&) { p.events->poke(); });
    p.sources = std::make_unique<intake::LiveIntake>(*p.writer, p.clock, p.config.data / "sources");
    p.sources->follow(p.config.sources);
    p.reporter = std::make_unique<HealthReporter>(HealthReporter::Watched{
        p.opener(), p.config.data, &p.clock, p.health.get(), p.scheduler.get(), p.front.get(),
        p.workers.get(), p.events.get(), p.mail.get(), [&p] { return p.source_health(); },
        [&p] {
          std::vector<TreeHealth> result;
          for (const auto& [name, tree] : p.trees) {
            result.push_back(tree->health());
          }
          return result;
        },
        p.registry.get()});
    p.retention = std::make_unique<RetentionThread>(p.opener(), p.config, p.clock);
    p.web->watch(*p.reporter, *p.scheduler, workers_of(p.config));
  } catch (const std::exception& error) {
    return fail(ErrorKind::infrastructure,
                fmt::format("the service cannot be started: {}", error.what()));
  }
  return std::unique_ptr<Service>(new Service(std::move(parts)));
}

Result<void> Service::reload(app::Config config) {
  Parts& p = *m_parts;
  if (config.data != p.config.data || config.store_url != p.config.store_url) {
    return fail(ErrorKind::conflict,
                "another data folder or store needs a restart of the service; nothing was changed");
  }
  PM_TRY(p.web->reload(config));
  const bool other_pace =
      config.fetch_interval != p.config.fetch_interval ||
      app::wants_state(config, "accepted") != app::wants_state(p.config, "accepted");
  p.config = std::move(config);
  p.set_shares();
  p.sources->follow(p.config.sources);
  {
    const auto hold = p.reporter->pause();  // it looks at the trees
    if (other_pace) {
      p.trees.clear();
    }
    p.follow_trees();
  }
  p.front->set_config(p.config);
  p.workers->set_config(p.config, workers_of(p.config));
  p.web->watch(*p.reporter, *p.scheduler, workers_of(p.config));
  p.mail->set_config(p.config);
  p.registry->set_config(p.config);
  p.post_checks();
  p.tell_webhooks();
  p.retention->set_config(p.config);
  return {};
}

void Service::stop() {
  if (!m_parts) {
    return;
  }
  Parts& p = *m_parts;
  // All are asked first, so that they end at the same time.
  for (const auto& [name, tree] : p.trees) {
    tree->stop();
  }
  p.mail->ask_to_stop();
  p.registry->stop();
  for (const auto& [name, loop] : p.patchworks) {
    loop->stop();
  }
  for (const auto& [url, loop] : p.webhooks) {
    loop->stop();
  }
  p.retention->ask_to_stop();
  p.workers->stop();
  p.front->stop();
  p.events->stop();
  p.web->stop();  // its answers ask the reporter
  p.reporter.reset();
  p.sources.reset();
  p.trees.clear();
  p.writer.reset();
  p.retention.reset();
  p.events.reset();
  p.patchworks.clear();
  p.webhooks.clear();
  p.registry.reset();
  p.mail.reset();
  p.workers.reset();
  p.front.reset();
  m_parts.reset();
}

std::vector<std::string> Service::addresses() const {
  return m_parts->web->addresses();
}

std::string Service::public_url() const {
  return m_parts->web->public_url();
}

}  // namespace patchmill::service
