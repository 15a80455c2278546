// The queue; see service_pages.hpp.
#include "util/text.hpp"
#include "web/service_pages.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::web {
namespace {

std::string about_seconds(std::uint64_t seconds) {
  return format_duration(std::chrono::seconds(std::min<std::uint64_t>(seconds, 365 * 86400ULL)));
}

std::string starts_text(const QueueRow& row, Timestamp now) {
  if (row.running) {
    return row.started ? "since " + format_duration(now - *row.started) : "now";
  }
  if (!row.starts_in) {
    return "when resumed";
  }
  return *row.starts_in == 0 ? "next" : "in about " + about_seconds(*row.starts_in);
}

}  // namespace

Page queue_page(const SiteWords& words, const QueueModel& model, Timestamp now) {
  View view = page_view(words);
  View::List rows;
  for (const QueueRow& row : model.rows) {
    View one;
    set_badge(one,
              row.running ? Badge{"running", "▶", "running"} : Badge{"waiting", "○", "waiting"});
    one.set("position", row.running ? std::string() : std::to_string(row.position));
    one.set("id", row.node);
    one.set("name", row.patch ? fmt::format("{} (patch {})", row.name, *row.patch) : row.name);
    one.set("series", row.series);
    one.set("series_name", row.series_name.empty() ? "(no title)" : row.series_name);
    one.set("project", row.project).set("note", row.note).set("worker", row.worker);
    one.set("takes", row.estimate == 0 ? "" : about_seconds(row.estimate));
    one.set("starts", starts_text(row, now));
    one.set_time("queued", row.queued);
    rows.push_back(std::move(one));
  }
  view.set("waiting", model.waiting).set("running", model.running);
  view.set("more", model.waiting + model.running > model.rows.size());
  view.set("shown", model.rows.size());
  view.set("empty_in", model.empty_in && *model.empty_in > 0 ? about_seconds(*model.empty_in) : "");
  view.set_list("rows", std::move(rows));
  View::List pauses;
  for (const PauseRow& pause : model.pauses) {
    View one;
    one.set("scope", pause.scope).set("who", pause.who).set("why", pause.reason);
    pauses.push_back(std::move(one.set_time("since", pause.since)));
  }
  view.set_list("pauses", std::move(pauses));
  View::List requests;
  for (const RequestRow& request : model.requests) {
    View one;
    one.set("kind", request.kind).set("target", request.target);
    one.set("who", request.who).set("why", request.reason);
    requests.push_back(std::move(one));
  }
  view.set_list("requests", std::move(requests));
  Page page;
  page.heading = "Queue";
  page.section = Section::queue;
  page.body = render_template("queue", view);
  page.json = "/queue/?format=json";
  page.live = "/events/?topic=queue";
  page.reload = 30;
  return page;
}

boost::json::object queue_json(const SiteWords& words, const QueueModel& model) {
  namespace json = boost::json;
  json::array rows;
  for (const QueueRow& row : model.rows) {
    rows.push_back(
        {{"node", row.node},
         {"web_url", fmt::format("{}{}/nodes/{}/", words.origin, words.base, row.node)},
         {"name", row.name},
         {"patch", row.patch ? json::value(*row.patch) : json::value(nullptr)},
         {"series", row.series},
         {"project", row.project},
         {"priority", row.priority},
         {"running", row.running},
         {"worker", row.worker},
         {"queued", to_iso(row.queued)},
         {"started", row.started ? json::value(to_iso(*row.started)) : json::value(nullptr)},
         {"position", row.running ? json::value(nullptr) : json::value(row.position)},
         {"starts_in", row.starts_in ? json::value(*row.starts_in) : json::value(nullptr)},
         {"takes", row.estimate},
         {"note", row.note}});
  }
  json::array pauses;
  for (const PauseRow& pause : model.pauses) {
    pauses.push_back({{"scope", pause.scope},
                      {"who", pause.who},
                      {"reason", pause.reason},
                      {"since", to_iso(pause.since)}});
  }
  return {{"waiting", model.waiting},
          {"running", model.running},
          {"empty_in", model.empty_in ? json::value(*model.empty_in) : json::value(nullptr)},
          {"nodes", std::move(rows)},
          {"pauses", std::move(pauses)}};
}

}  // namespace patchmill::web
