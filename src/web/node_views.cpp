// A node and its findings in views and JSON; see series_page.hpp.
#include "util/text.hpp"
#include "web/series_page.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::web {
namespace {

namespace json = boost::json;

json::value or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(mend_utf8(text));
}

json::value time_or_null(const std::optional<Timestamp>& time) {
  return time ? json::value(to_iso(*time)) : json::value(nullptr);
}

}  // namespace

View finding_view(const findings::Finding& finding) {
  View view;
  view.set("severity", findings::to_string(finding.severity));
  std::string where = finding.file;
  if (finding.line > 0) {
    where += fmt::format(":{}", finding.line);
  }
  view.set("where", ellipsize(where, 500));
  view.set("tool", finding.tool).set("rule", ellipsize(finding.rule, 200));
  view.set("function", ellipsize(finding.function, 200));
  // The first line says it; what follows is an excerpt.
  const std::string_view message = finding.message;
  const auto end = message.find('\n');
  view.set("message", ellipsize(message.substr(0, end), 1000));
  std::string more(end == std::string_view::npos ? "" : message.substr(end + 1));
  if (!finding.detail.empty()) {
    more += (more.empty() ? "" : "\n") + finding.detail;
  }
  view.set("more", ellipsize(more, 8000));
  view.set("finding_patch", ellipsize(finding.patch_label, 200));
  return view;
}

View node_view(const pipeline::Node& node, Timestamp now) {
  View view;
  const bool running =
      node.state == pipeline::NodeState::running || node.state == pipeline::NodeState::closing;
  set_badge(view, badge_of(node.result, running, true));
  view.set("id", node.id);
  view.set("kind", pipeline::to_string(node.kind));
  view.set("name", node.patch ? fmt::format("{} (patch {})", node.name, *node.patch) : node.name);
  view.set("summary", ellipsize(node.summary, 500));
  view.set("running", running);
  view.set("attempt", node.attempt > 1 ? fmt::format("attempt {}", node.attempt) : "");
  std::string duration;
  if (node.started) {
    duration = format_duration(node.finished.value_or(now) - *node.started);
  }
  view.set("duration", duration);
  return view;
}

json::object node_json(const SiteWords& words, const pipeline::Node& node) {
  json::object out;
  out["id"] = node.id;
  out["web_url"] = fmt::format("{}{}/nodes/{}/", words.origin, words.base, node.id);
  out["parent"] = node.parent ? json::value(*node.parent) : json::value(nullptr);
  out["series"] = node.series;
  out["kind"] = pipeline::to_string(node.kind);
  out["name"] = node.name;
  out["patch"] = node.patch ? json::value(*node.patch) : json::value(nullptr);
  out["state"] = pipeline::to_string(node.state);
  out["result"] =
      node.result ? json::value(findings::to_string(*node.result)) : json::value(nullptr);
  out["summary"] = mend_utf8(node.summary);
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
  return {{"severity", findings::to_string(finding.severity)},
          {"tool", finding.tool},
          {"rule", finding.rule},
          {"file", or_null(finding.file)},
          {"line", finding.line > 0 ? json::value(finding.line) : json::value(nullptr)},
          {"function", or_null(finding.function)},
          {"message", mend_utf8(finding.message)},
          {"detail", or_null(finding.detail)},
          {"patch", or_null(finding.patch_label)},
          {"fingerprint", finding.fingerprint()}};
}

}  // namespace patchmill::web
