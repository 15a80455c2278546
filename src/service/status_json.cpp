#include "service/health_json.hpp"
#include "service/status.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>

namespace patchmill::service {
namespace {

namespace json = boost::json;

json::value time_value(const std::optional<Timestamp>& time) {
  return time ? json::value(to_iso(*time)) : json::value();
}

json::array running_json(const Status& status) {
  json::array nodes;
  for (const auto& node : status.running) {
    nodes.push_back({{"id", node.id},
                     {"series", node.series},
                     {"kind", pipeline::to_string(node.kind)},
                     {"name", node.name},
                     {"runtime", node.runtime},
                     {"started", time_value(node.started)}});
  }
  return nodes;
}

json::array queue_json(const Status& status) {
  json::array queue;
  for (const auto& project : status.queue) {
    json::object item{
        {"project", project.project}, {"waiting", project.waiting}, {"taken", project.taken}};
    if (project.longest_since) {
      item["longest_waiting"] = {{"node", project.longest_node},
                                 {"series", project.longest_series},
                                 {"since", to_iso(*project.longest_since)},
                                 {"note", project.longest_note}};
    }
    queue.push_back(std::move(item));
  }
  return queue;
}

json::object mail_json(const Status& status) {
  json::object mails;
  for (const auto& count : status.mails) {
    mails[reports::to_string(count.state)] = {{"count", count.count},
                                              {"oldest", time_value(count.oldest)}};
  }
  return mails;
}

json::array events_json(const Status& status) {
  json::array events;
  for (const auto& event : status.events) {
    boost::system::error_code error;
    auto payload = json::parse(event.payload, error);
    events.push_back({{"id", event.id},
                      {"time", to_iso(event.time)},
                      {"kind", event.kind},
                      {"series", event.series ? json::value(*event.series) : json::value()},
                      {"node", event.node ? json::value(*event.node) : json::value()},
                      {"payload", error ? json::value(event.payload) : std::move(payload)}});
  }
  return events;
}

json::object disk_json(const Status& status) {
  json::object uses;
  for (const auto& use : status.disk.uses) {
    uses[mend_utf8(use.what)] = {{"bytes", use.bytes}, {"at_least", use.at_least}};
  }
  return {{"folder", mend_utf8(status.disk.folder.string())},
          {"free", status.disk.free},
          {"size", status.disk.size},
          {"store", status.store_bytes},
          {"use", std::move(uses)}};
}

}  // namespace

json::object to_json(const Status& status) {
  json::object out;
  out["time"] = to_iso(status.now);
  json::object running{{"running", status.silent || status.health.running(status.now)},
                       {"silent", status.silent},
                       {"started", time_value(status.health.started)},
                       {"seen", time_value(status.health.seen)}};
  running["parts"] = to_json(status.health.parts);
  out["service"] = std::move(running);
  json::object series;
  for (const auto& [verdict, count] : status.verdicts) {
    series[verdict] = count;
  }
  series["untested"] = status.untested;
  out["series"] = std::move(series);
  out["running"] = running_json(status);
  out["queue"] = queue_json(status);
  json::array pauses;
  for (const auto& pause : status.pauses) {
    pauses.push_back({{"scope", to_string(pause.scope)},
                      {"who", pause.who},
                      {"reason", pause.reason},
                      {"since", to_iso(pause.time)}});
  }
  out["pauses"] = std::move(pauses);
  json::array requests;
  for (const auto& request : status.requests) {
    requests.push_back({{"id", request.id},
                        {"kind", to_string(request.kind)},
                        {"target", request.target},
                        {"who", request.who},
                        {"reason", request.reason},
                        {"time", to_iso(request.time)}});
  }
  out["requests"] = std::move(requests);
  out["mails"] = mail_json(status);
  json::array outbox;
  for (const auto& kind : status.outbox) {
    outbox.push_back({{"kind", kind.kind},
                      {"waiting", kind.waiting},
                      {"given_up", kind.given_up},
                      {"longest_due", time_value(kind.longest_due)},
                      {"last_error", kind.last_error}});
  }
  out["outbox"] = std::move(outbox);
  json::array sources;
  for (const auto& cursor : status.cursors) {
    sources.push_back(
        {{"source", cursor.source}, {"cursor", cursor.value}, {"names", cursor.names}});
  }
  out["sources"] = std::move(sources);
  json::array trees;
  for (const auto& tree : status.trees) {
    trees.push_back({{"name", tree.name}, {"fetched", time_value(tree.fetched)}});
  }
  out["trees"] = std::move(trees);
  out["disk"] = disk_json(status);
  out["events"] = events_json(status);
  json::array attention;
  for (const auto& sentence : status.attention) {
    attention.emplace_back(sentence);
  }
  out["attention"] = std::move(attention);
  return out;
}

}  // namespace patchmill::service
