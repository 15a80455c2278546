#include "service/service.hpp"

#include "app/live_log.hpp"
#include "app/mail_stage.hpp"
#include "app/run_lock.hpp"
#include "app/workspace.hpp"
#include "http/server.hpp"
#include "intake/importer.hpp"
#include "intake/live_intake.hpp"
#include "service/event_pump.hpp"
#include "service/front_loop.hpp"
#include "service/health_reporter.hpp"
#include "service/holder.hpp"
#include "service/mail_thread.hpp"
#include "service/retention_thread.hpp"
#include "service/scheduler.hpp"
#include "service/tree_loop.hpp"
#include "service/web_front.hpp"
#include "service/work_counter.hpp"
#include "service/worker_pool.hpp"
#include "util/log.hpp"
#include "util/subprocess.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <thread>

namespace patchmill::service {
namespace {

unsigned workers_of(const app::Config& config) {
  return config.workers > 0 ? config.workers
                            : std::max(1u, std::thread::hardware_concurrency() / 2);
}

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
      } else if (event.kind == "work-paused" || event.kind == "work-resumed") {
        scheduler->set_pauses(pipeline::Pauses(database, clock).list());
      } else if (event.kind == "retry-requested" || event.kind == "cancel-requested") {
        front->requests();
      }
    }
    if (news) {
      front->news();
    }
    if (mails) {
      mail->wake();
    }
    front->reached(batch.back().id);
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
        p.workers.get(), p.events.get(), p.mail.get(), [&p] { return p.sources->health(); },
        [&p] {
          std::vector<TreeHealth> result;
          for (const auto& [name, tree] : p.trees) {
            result.push_back(tree->health());
          }
          return result;
        }});
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
  const bool other_pace = config.fetch_interval != p.config.fetch_interval;
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
