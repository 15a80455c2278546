// A node and its findings in views, and in JSON with its address; see series_page.hpp.
#include "pipeline/node_json.hpp"
#include "util/text.hpp"
#include "web/series_page.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::web {
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

bool is_timed(const pipeline::Node& node) {
  return node.started && node.started != node.finished &&
         (node.kind != pipeline::NodeKind::check || !node.runtime.empty());
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
  if (is_timed(node)) {
    duration = format_duration(node.finished.value_or(now) - *node.started);
  }
  view.set("duration", duration);
  return view;
}

boost::json::object node_json(const SiteWords& words, const pipeline::Node& node) {
  boost::json::object out = pipeline::node_json(node);
  out["web_url"] = fmt::format("{}{}/nodes/{}/", words.origin, words.base, node.id);
  return out;
}

}  // namespace patchmill::web
