#include "cli/series_json.hpp"

#include <boost/json.hpp>

namespace patchmill::cli {
namespace {

namespace json = boost::json;

std::string bracketed(const std::string& msgid) {
  return "<" + msgid + ">";
}

json::value or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::value time_or_null(const std::optional<Timestamp>& time) {
  return time ? json::value(to_iso(*time)) : json::value(nullptr);
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
  out["name"] = series.name.empty() ? json::value(nullptr) : json::value(series.name);
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
  out["revision_of"] = series.revision_of ? json::value(*series.revision_of) : json::value(nullptr);
  out["superseded"] = series.superseded;
  out["base_commit"] = or_null(series.base_commit);
  out["change_id"] = or_null(series.change_id);
  json::array dependencies;
  for (const auto& dependency : series.dependencies) {
    dependencies.push_back(
        {{"kind", dependency_kind(dependency.dependency.kind)},
         {"target", dependency.dependency.target},
         {"series", dependency.series ? json::value(*dependency.series) : json::value(nullptr)}});
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

json::object series_with_nodes_json(
    const tracker::Series& series, const std::optional<pipeline::NodeStore::SeriesVerdict>& verdict,
    const std::vector<pipeline::Node>& nodes, pipeline::NodeStore& store) {
  json::object out = series_json(series, verdict);
  json::array list;
  for (const auto& node : nodes) {
    json::object object = node_json(node);
    json::array found;
    for (const auto& finding : store.findings_of(node.id)) {
      found.push_back(finding_json(finding));
    }
    object["findings"] = std::move(found);
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

json::object node_json(const pipeline::Node& node) {
  json::object out;
  out["id"] = node.id;
  out["parent"] = node.parent ? json::value(*node.parent) : json::value(nullptr);
  out["series"] = node.series;
  out["kind"] = pipeline::to_string(node.kind);
  out["name"] = node.name;
  out["patch"] = node.patch ? json::value(*node.patch) : json::value(nullptr);
  out["state"] = pipeline::to_string(node.state);
  out["result"] =
      node.result ? json::value(findings::to_string(*node.result)) : json::value(nullptr);
  out["summary"] = node.summary;
  out["runtime"] = node.runtime;
  out["attempt"] = node.attempt;
  out["tree"] = or_null(node.tree);
  out["commit"] = or_null(node.commit);
  out["created"] = time_or_null(node.created);
  out["started"] = time_or_null(node.started);
  out["finished"] = time_or_null(node.finished);
  return out;
}

json::object finding_json(const findings::Finding& finding) {
  const auto severity = finding.severity == findings::Severity::error     ? "error"
                        : finding.severity == findings::Severity::warning ? "warning"
                                                                          : "note";
  return {{"severity", severity},
          {"tool", finding.tool},
          {"rule", finding.rule},
          {"file", or_null(finding.file)},
          {"line", finding.line > 0 ? json::value(finding.line) : json::value(nullptr)},
          {"function", or_null(finding.function)},
          {"message", finding.message},
          {"patch", or_null(finding.patch_label)},
          {"fingerprint", finding.fingerprint()}};
}

}  // namespace patchmill::cli
