#include "web/node_page.hpp"

#include "pipeline/node_json.hpp"
#include "util/text.hpp"
#include "web/series_page.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::web {

Page node_page(const SiteWords& words, const NodeModel& model, Timestamp now) {
  const pipeline::Node& node = model.node;
  View view = page_view(words);
  view.set("id", node.id)
      .set("name", node.patch ? fmt::format("{} (patch {})", node.name, *node.patch) : node.name);
  const bool running =
      node.state == pipeline::NodeState::running || node.state == pipeline::NodeState::closing;
  set_badge(view, badge_of(node.result, running, true));
  view.set("kind", pipeline::to_string(node.kind)).set("state", pipeline::to_string(node.state));
  view.set("summary", node.summary).set("waits", model.waits);
  view.set("series", node.series);
  view.set("series_name", model.series_name.empty() ? "(no title)" : model.series_name);
  view.set("series_version", fmt::format("v{}", model.series_version));
  view.set("patch", node.patch ? std::to_string(*node.patch) : "");
  view.set("parent", model.parent ? std::to_string(model.parent->id) : "");
  view.set("parent_name", model.parent ? model.parent->name : "");
  view.set("runtime", node.runtime).set("tree", node.tree).set("commit", node.commit);
  view.set_time("created", node.created)
      .set_time("started", is_timed(node) ? node.started : std::nullopt);
  view.set_time("finished", node.finished);
  view.set("waited",
           node.created && is_timed(node) ? format_duration(*node.started - *node.created) : "");
  view.set("took",
           is_timed(node) ? format_duration(node.finished.value_or(now) - *node.started) : "");
  View::List attempts;
  for (const auto& [id, attempt] : model.attempts) {
    attempts.push_back(View().set("other", id).set("n", attempt).set("here", id == node.id));
  }
  view.set("several_attempts", attempts.size() > 1);
  view.set_list("attempts", std::move(attempts));
  View::List findings;
  for (const auto& finding : model.findings) {
    findings.push_back(finding_view(finding));
  }
  view.set_list("findings", std::move(findings));
  view.set("more_findings", model.more_findings == 0 ? "" : std::to_string(model.more_findings));
  bool has_log = running && !node.runtime.empty();
  View::List artifacts;
  for (const auto& artifact : model.artifacts) {
    has_log = has_log || artifact.name == "log";
    artifacts.push_back(View()
                            .set("artifact", artifact.name)
                            .set("address", fmt::format("/nodes/{}/artifacts/{}", node.id,
                                                        http::percent_encode(artifact.name, true)))
                            .set("size", format_size(static_cast<std::uint64_t>(
                                             std::max<std::int64_t>(artifact.size, 0))))
                            .set("sha256", artifact.sha256));
  }
  view.set_list("artifacts", std::move(artifacts));
  view.set("has_log", has_log).set("running", running);
  view.set("reproducer", node.reproducer);
  View::List children;
  for (const NodeRow& row : model.children) {
    children.push_back(node_view(row.node, now));
  }
  view.set_list("children", std::move(children));
  Page page;
  page.heading = fmt::format("{} of {}", node.name, model.series_name);
  page.section = Section::series;
  page.body = render_template("node", view);
  page.json = fmt::format("/nodes/{}/?format=json", node.id);
  page.live = fmt::format("/events/?series={}", node.series);
  page.reload = running ? 20 : 0;
  return page;
}

boost::json::object node_page_json(const SiteWords& words, const NodeModel& model) {
  namespace json = boost::json;
  json::object out = node_json(words, model.node);
  out["findings"] = pipeline::findings_json(model.findings);
  json::array artifacts;
  for (const auto& artifact : model.artifacts) {
    artifacts.push_back(
        {{"name", mend_utf8(artifact.name)},
         {"sha256", artifact.sha256},
         {"size", artifact.size},
         {"url", fmt::format("{}{}/nodes/{}/artifacts/{}", words.origin, words.base, model.node.id,
                             http::percent_encode(artifact.name, true))}});
  }
  out["artifacts"] = std::move(artifacts);
  json::array children;
  for (const NodeRow& row : model.children) {
    children.push_back(node_json(words, row.node));
  }
  out["children"] = std::move(children);
  out["reproducer"] = model.node.reproducer.empty() ? json::value(nullptr)
                                                    : json::value(mend_utf8(model.node.reproducer));
  out["waits"] = model.waits.empty() ? json::value(nullptr) : json::value(model.waits);
  return out;
}

std::string attachment_header(std::string_view name) {
  const auto slash = name.rfind('/');
  const std::string last =
      mend_utf8(slash == std::string_view::npos ? name : name.substr(slash + 1)).substr(0, 200);
  std::string plain;
  for (const char c : last) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-' || c == '_';
    plain += fits ? c : '_';
  }
  if (plain.find_first_not_of('.') == std::string::npos) {
    plain = "artifact";
  }
  return fmt::format("attachment; filename=\"{}\"; filename*=UTF-8''{}", plain,
                     http::percent_encode(mend_utf8(last)));
}

}  // namespace patchmill::web
