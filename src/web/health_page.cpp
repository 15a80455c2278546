// Health; see service_pages.hpp.
#include "util/text.hpp"
#include "web/service_pages.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace patchmill::web {
namespace {

namespace json = boost::json;

Badge badge_of(Condition condition) {
  switch (condition) {
    case Condition::good:
      return {"pass", "✓", "good"};
    case Condition::waiting:
      return {"warning", "!", "waiting"};
    case Condition::broken:
      return {"fail", "✗", "broken"};
  }
  return {"fail", "✗", "broken"};
}

json::value time_or_null(const std::optional<Timestamp>& time) {
  return time ? json::value(to_iso(*time)) : json::value(nullptr);
}

View::List tree_views(const Health& health) {
  View::List list;
  for (const TreeHealth& tree : health.trees) {
    View view;
    set_badge(view, badge_of(tree.condition));
    view.set("name", tree.name).set("branch", tree.branch).set("why", tree.reason);
    view.set("tip", tree.tip_described.empty() ? tree.tip.substr(0, 12) : tree.tip_described);
    view.set_time("fetched", tree.fetched).set_time("next", tree.next_fetch);
    list.push_back(std::move(view));
  }
  return list;
}

View::List source_views(const Health& health) {
  View::List list;
  for (const SourceHealth& source : health.sources) {
    View view;
    set_badge(view, badge_of(source.condition));
    view.set("name", source.name).set("kind", source.kind).set("where", source.where);
    view.set("why", source.reason).set("mails", source.mails);
    view.set_time("checked", source.checked).set_time("last_mail", source.last_mail);
    view.set_time("next", source.next_check);
    list.push_back(std::move(view));
  }
  return list;
}

View::List worker_views(const Health& health, Timestamp now) {
  View::List list;
  for (const WorkerHealth& worker : health.workers) {
    View view;
    set_badge(view, badge_of(worker.condition));
    view.set("name", worker.name).set("runtime", worker.runtime).set("why", worker.reason);
    view.set("node", worker.node ? std::to_string(*worker.node) : "");
    view.set("since", worker.since ? format_duration(now - *worker.since) : "");
    list.push_back(std::move(view));
  }
  return list;
}

View::List outbox_views(const Health& health) {
  View::List list;
  for (const OutboxHealth& outbox : health.outboxes) {
    View view;
    set_badge(view, badge_of(outbox.condition));
    view.set("name", outbox.destination).set("why", outbox.reason);
    view.set_time("sent", outbox.last_sent).set_time("next", outbox.next_try);
    list.push_back(std::move(view));
  }
  return list;
}

}  // namespace

std::string_view to_string(Condition condition) {
  switch (condition) {
    case Condition::good:
      return "good";
    case Condition::waiting:
      return "waiting";
    case Condition::broken:
      return "broken";
  }
  return "broken";
}

HealthModel read_health(store::Database& database, std::optional<Health> service) {
  HealthModel model;
  model.service = std::move(service);
  if (model.service) {
    for (WorkerHealth& worker : model.service->workers) {
      // Nodes leave the queue when they end.
      const auto node = worker.lane ? database.one<std::int64_t>(
                                          "SELECT node FROM queue WHERE lane = ?"
                                          " ORDER BY position LIMIT 1",
                                          *worker.lane)
                                    : std::nullopt;
      worker.node = node ? std::optional(std::get<0>(*node)) : std::nullopt;
    }
  }
  database.each(
      "SELECT kind, sum(CASE WHEN state = 0 THEN 1 ELSE 0 END),"
      " sum(CASE WHEN state = 2 THEN 1 ELSE 0 END), min(CASE WHEN state = 0 THEN due END)"
      " FROM outbox WHERE state <> 1 GROUP BY kind ORDER BY kind LIMIT 20",
      [&](const store::Row& row) {
        OutboxCount count;
        count.kind = row.text(0);
        count.waiting = static_cast<std::uint64_t>(row.integer(1));
        count.failed = static_cast<std::uint64_t>(row.integer(2));
        if (!row.is_null(3)) {
          count.oldest = from_micros(row.integer(3));
        }
        model.outbox.push_back(std::move(count));
      });
  for (OutboxCount& count : model.outbox) {
    if (const auto error = database.one<std::string>(
            "SELECT error FROM outbox WHERE kind = ? AND state <> 1 AND error IS NOT NULL"
            " ORDER BY id DESC LIMIT 1",
            count.kind)) {
      count.error = std::get<0>(*error);
    }
  }
  database.each("SELECT state, count(*) FROM report_mails WHERE state IN (0, 3, 4) GROUP BY state",
                [&](const store::Row& row) {
                  auto& n = row.integer(0) == 0   ? model.held
                            : row.integer(0) == 3 ? model.failed
                                                  : model.in_doubt;
                  n = static_cast<std::uint64_t>(row.integer(1));
                });
  model.unusable = static_cast<std::uint64_t>(
      database.value<std::int64_t>("SELECT count(*) FROM messages WHERE kind = 4"));
  return model;
}

Condition overall(const HealthModel& model) {
  Condition worst = model.in_doubt + model.failed > 0 ? Condition::waiting : Condition::good;
  for (const OutboxCount& count : model.outbox) {
    if (count.failed > 0 || (count.waiting > 0 && !count.error.empty())) {
      worst = std::max(worst, Condition::waiting);
    }
  }
  const auto see = [&](const auto& rows) {
    for (const auto& row : rows) {
      worst = std::max(worst, row.condition);
    }
  };
  if (model.service) {
    see(model.service->trees);
    see(model.service->sources);
    see(model.service->workers);
    see(model.service->outboxes);
  }
  return worst;
}

Page health_page(const SiteWords& words, const HealthModel& model, Timestamp now) {
  View view = page_view(words);
  const Condition worst = overall(model);
  set_badge(view, badge_of(worst));
  view.set("told", model.service.has_value());
  const Health health = model.service.value_or(Health{});
  view.set("uptime", health.started ? format_duration(now - *health.started) : "");
  View::List notes;
  for (const auto& note : health.notes) {
    notes.push_back(View().set("text", note));
  }
  view.set_list("notes", std::move(notes));
  view.set_list("trees", tree_views(health));
  view.set_list("sources", source_views(health));
  view.set_list("workers", worker_views(health, now));
  view.set_list("outboxes", outbox_views(health));
  View::List counts;
  for (const OutboxCount& count : model.outbox) {
    View one;
    one.set("kind", count.kind).set("waiting", count.waiting).set("failed", count.failed);
    one.set("why", ellipsize(count.error, 300));
    counts.push_back(std::move(one.set_time("oldest", count.oldest)));
  }
  view.set_list("outbox", std::move(counts));
  const auto number = [&](std::string_view key, std::uint64_t n) {
    view.set(key, n == 0 ? std::string() : std::to_string(n));
  };
  number("held", model.held);
  number("in_doubt", model.in_doubt);
  number("failed", model.failed);
  number("unusable", model.unusable);
  Page page;
  page.heading = "Health";
  page.section = Section::health;
  page.body = render_template("health", view);
  page.json = "/health/?format=json";
  page.reload = 60;
  return page;
}

json::object health_json(const SiteWords& words, const HealthModel& model) {
  (void)words;
  json::object out;
  out["condition"] = to_string(overall(model));
  const Health health = model.service.value_or(Health{});
  out["started"] = time_or_null(health.started);
  json::array trees;
  for (const TreeHealth& tree : health.trees) {
    trees.push_back({{"name", tree.name},
                     {"branch", tree.branch},
                     {"condition", to_string(tree.condition)},
                     {"reason", tree.reason},
                     {"tip", tree.tip},
                     {"tip_described", tree.tip_described},
                     {"fetched", time_or_null(tree.fetched)},
                     {"next_fetch", time_or_null(tree.next_fetch)},
                     {"commits_indexed", tree.commits_indexed}});
  }
  out["trees"] = std::move(trees);
  json::array sources;
  for (const SourceHealth& source : health.sources) {
    sources.push_back({{"name", source.name},
                       {"kind", source.kind},
                       {"condition", to_string(source.condition)},
                       {"reason", source.reason},
                       {"checked", time_or_null(source.checked)},
                       {"last_mail", time_or_null(source.last_mail)},
                       {"next_check", time_or_null(source.next_check)},
                       {"mails", source.mails}});
  }
  out["sources"] = std::move(sources);
  json::array workers;
  for (const WorkerHealth& worker : health.workers) {
    workers.push_back({{"name", worker.name},
                       {"runtime", worker.runtime},
                       {"condition", to_string(worker.condition)},
                       {"reason", worker.reason},
                       {"node", worker.node ? json::value(*worker.node) : json::value(nullptr)},
                       {"since", time_or_null(worker.since)}});
  }
  out["workers"] = std::move(workers);
  json::array outboxes;
  for (const OutboxHealth& outbox : health.outboxes) {
    outboxes.push_back({{"destination", outbox.destination},
                        {"condition", to_string(outbox.condition)},
                        {"reason", outbox.reason},
                        {"last_sent", time_or_null(outbox.last_sent)},
                        {"next_try", time_or_null(outbox.next_try)}});
  }
  out["outboxes"] = std::move(outboxes);
  json::array queues;
  for (const OutboxCount& count : model.outbox) {
    queues.push_back({{"kind", count.kind},
                      {"waiting", count.waiting},
                      {"failed", count.failed},
                      {"oldest", time_or_null(count.oldest)},
                      {"error", count.error}});
  }
  out["outbox"] = std::move(queues);
  out["mails"] = {{"held", model.held}, {"in_doubt", model.in_doubt}, {"failed", model.failed}};
  out["unusable_mails"] = model.unusable;
  json::array notes;
  for (const auto& note : health.notes) {
    notes.emplace_back(note);
  }
  out["notes"] = std::move(notes);
  return out;
}

}  // namespace patchmill::web
