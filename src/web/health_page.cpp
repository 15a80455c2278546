// Health; see service_pages.hpp.
#include "util/text.hpp"
#include "web/service_pages.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace patchmill::web {
namespace {

namespace json = boost::json;

Badge badge_of_condition(Condition condition) {
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
    set_badge(view, badge_of_condition(tree.condition));
    view.set("name", tree.name).set("branch", tree.branch).set("why", tree.reason);
    view.set("tip", tree.tip.substr(0, 12));
    view.set_time("fetched", tree.fetched).set_time("next", tree.next_fetch);
    list.push_back(std::move(view));
  }
  return list;
}

View::List source_views(const Health& health) {
  View::List list;
  for (const SourceHealth& source : health.sources) {
    View view;
    set_badge(view, badge_of_condition(source.condition));
    view.set("name", source.name).set("where", source.where);
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
    set_badge(view, badge_of_condition(worker.condition));
    view.set("name", worker.name).set("runtime", worker.runtime).set("why", worker.reason);
    view.set("node", worker.node ? std::to_string(*worker.node) : "");
    view.set("since", worker.since ? format_duration(now - *worker.since) : "");
    list.push_back(std::move(view));
  }
  return list;
}

View::List outbox_views(const HealthModel& model) {
  View::List list;
  for (const OutboxRow& row : model.outbox) {
    View view;
    set_badge(view, badge_of_condition(row.condition()));
    view.set("kind", row.kind).set("where", row.where).set("why", ellipsize(row.error, 300));
    view.set("waiting", row.waiting).set("given_up", row.failed);
    view.set_time("since", row.waiting_since).set_time("failing", row.failing_since);
    view.set_time("sent", row.last_sent).set_time("next", row.next_try);
    list.push_back(std::move(view));
  }
  return list;
}

std::vector<OutboxRow> read_outbox(store::Database& database,
                                   const std::optional<Health>& service) {
  std::vector<OutboxRow> rows;
  if (service) {
    for (const Destination& destination : service->destinations) {
      rows.emplace_back().kind = destination.kind;
      rows.back().where = destination.where;
    }
  }
  const auto time_of = [](const store::Row& row, int column) {
    return row.is_null(column) ? std::nullopt : std::optional(from_micros(row.integer(column)));
  };
  database.each(
      "SELECT kind, sum(CASE WHEN state = 0 THEN 1 ELSE 0 END),"
      " sum(CASE WHEN state = 2 THEN 1 ELSE 0 END), min(CASE WHEN state = 0 THEN created END),"
      " min(CASE WHEN state = 0 AND error IS NOT NULL THEN created END),"
      " min(CASE WHEN state = 0 THEN due END)"
      " FROM outbox WHERE state <> 1 GROUP BY kind ORDER BY kind LIMIT 20",
      [&](const store::Row& row) {
        const std::string kind = row.get<std::string>(0);
        auto known = std::ranges::find(rows, kind, &OutboxRow::kind);
        OutboxRow& out = known != rows.end() ? *known : rows.emplace_back();
        out.kind = kind;
        out.waiting = static_cast<std::uint64_t>(row.integer(1));
        out.failed = static_cast<std::uint64_t>(row.integer(2));
        out.waiting_since = time_of(row, 3);
        out.failing_since = time_of(row, 4);
        out.next_try = time_of(row, 5);
      });
  for (OutboxRow& row : rows) {
    if (const auto error = database.one<std::string>(
            "SELECT error FROM outbox WHERE kind = ? AND state <> 1 AND error IS NOT NULL"
            " ORDER BY id DESC LIMIT 1",
            row.kind)) {
      row.error = std::get<0>(*error);
    }
    if (const auto sent = database.one<std::int64_t>(
            "SELECT sent FROM outbox WHERE kind = ? AND sent IS NOT NULL ORDER BY id DESC LIMIT 1",
            row.kind)) {
      row.last_sent = from_micros(std::get<0>(*sent));
    }
  }
  return rows;
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
  model.outbox = read_outbox(database, model.service);
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

Condition OutboxRow::condition() const {
  return failed > 0 || (waiting > 0 && !error.empty()) ? Condition::waiting : Condition::good;
}

Condition overall(const HealthModel& model) {
  Condition worst = model.in_doubt + model.failed > 0 ? Condition::waiting : Condition::good;
  for (const OutboxRow& row : model.outbox) {
    worst = std::max(worst, row.condition());
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
    if (!model.service->notes.empty()) {
      worst = std::max(worst, Condition::waiting);
    }
  }
  return worst;
}

Page health_page(const SiteWords& words, const HealthModel& model, Timestamp now) {
  View view = page_view(words);
  const Condition worst = overall(model);
  set_badge(view, badge_of_condition(worst));
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
  view.set_list("outbox", outbox_views(model));
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
                     {"fetched", time_or_null(tree.fetched)},
                     {"next_fetch", time_or_null(tree.next_fetch)}});
  }
  out["trees"] = std::move(trees);
  json::array sources;
  for (const SourceHealth& source : health.sources) {
    sources.push_back({{"name", source.name},
                       {"where", source.where},
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
  json::array outbox;
  for (const OutboxRow& row : model.outbox) {
    outbox.push_back({{"kind", row.kind},
                      {"where", row.where},
                      {"condition", to_string(row.condition())},
                      {"waiting", row.waiting},
                      {"failed", row.failed},
                      {"waiting_since", time_or_null(row.waiting_since)},
                      {"failing_since", time_or_null(row.failing_since)},
                      {"next_try", time_or_null(row.next_try)},
                      {"last_sent", time_or_null(row.last_sent)},
                      {"error", row.error}});
  }
  out["outbox"] = std::move(outbox);
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
