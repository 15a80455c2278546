#include "cli/series_json.hpp"

#include "pipeline/node_json.hpp"
#include "util/json.hpp"

#include <boost/json.hpp>

namespace patchmill::cli {
namespace {

namespace json = boost::json;

std::string bracketed(const std::string& msgid) {
  return "<" + msgid + ">";
}

std::string_view dependency_kind(mail::DependencyKind kind) {
  switch (kind) {
    case mail::DependencyKind::depends_on_message:
      return "message";
    case mail::DependencyKind::depends_on_url:
      return "url";
    case mail::DependencyKind::depends_on_number:
      return "number";
    case mail::DependencyKind::prerequisite_patch:
      return "patch-id";
    case mail::DependencyKind::prerequisite_change:
      return "change-id";
  }
  return "?";
}

}  // namespace

json::object series_json(const tracker::Series& series,
                         const std::optional<pipeline::NodeStore::SeriesVerdict>& verdict) {
  json::object out;
  out["number"] = series.number;
  out["name"] = or_null(series.name);
  out["version"] = series.version;
  out["total"] = series.total;
  out["received_total"] = series.received_total();
  out["received_all"] = series.received_all();
  out["date"] = to_iso(series.date);
  out["submitter"] = {{"name", series.submitter.name}, {"email", series.submitter.email}};
  if (series.cover_msgid.empty()) {
    out["cover_letter"] = nullptr;
  } else {
    out["cover_letter"] = {{"msgid", bracketed(series.cover_msgid)}, {"name", series.cover_name}};
  }
  json::array patches;
  for (const auto& patch : series.patches) {
    patches.push_back({{"number", patch.number},
                       {"msgid", bracketed(patch.msgid)},
                       {"name", patch.name},
                       {"date", to_iso(patch.date)},
                       {"carried_over", patch.carried_over}});
  }
  out["patches"] = std::move(patches);
  out["revision_of"] = or_null(series.revision_of);
  out["superseded"] = series.superseded;
  out["base_commit"] = or_null(series.base_commit);
  out["change_id"] = or_null(series.change_id);
  json::array dependencies;
  for (const auto& dependency : series.dependencies) {
    dependencies.push_back({{"kind", dependency_kind(dependency.dependency.kind)},
                            {"target", dependency.dependency.target},
                            {"series", or_null(dependency.series)}});
  }
  out["dependencies"] = std::move(dependencies);
  json::array lists;
  for (const auto& list : series.list_ids) {
    lists.emplace_back(list);
  }
  out["list_ids"] = std::move(lists);
  out["note"] = or_null(series.note);
  out["verdict"] =
      verdict ? json::value(findings::to_string(verdict->verdict)) : json::value(nullptr);
  out["reason"] = verdict ? json::value(verdict->reason) : json::value(nullptr);
  return out;
}

json::array notes_json(const std::vector<std::string>& notes) {
  json::array out;
  for (const std::string& note : notes) {
    out.emplace_back(note);
  }
  return out;
}

json::object series_with_nodes_json(
    const tracker::Series& series, const std::optional<pipeline::NodeStore::SeriesVerdict>& verdict,
    const std::vector<pipeline::Node>& nodes, pipeline::NodeStore& store,
    tracker::Queries& queries) {
  json::object out = series_json(series, verdict);
  json::array& patches = out["patches"].as_array();
  for (std::size_t i = 0; i < series.patches.size(); ++i) {
    patches[i].as_object()["notes"] = notes_json(queries.notes(series.patches[i].message));
  }
  json::array list;
  for (const auto& node : nodes) {
    json::object object = pipeline::node_json(node);
    object["findings"] = pipeline::findings_json(store.findings_of(node.id));
    json::array artifacts;
    for (const auto& artifact : store.artifacts_of(node.id)) {
      artifacts.push_back(
          {{"name", artifact.name}, {"sha256", artifact.sha256}, {"size", artifact.size}});
    }
    object["artifacts"] = std::move(artifacts);
    list.push_back(std::move(object));
  }
  out["nodes"] = std::move(list);
  return out;
}

}  // namespace patchmill::cli
