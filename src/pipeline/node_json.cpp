#include "pipeline/node_json.hpp"

#include "util/json.hpp"

#include <boost/json.hpp>

namespace patchmill::pipeline {

namespace json = boost::json;

json::object node_json(const Node& node) {
  json::object out;
  out["id"] = node.id;
  out["parent"] = or_null(node.parent);
  out["series"] = node.series;
  out["kind"] = to_string(node.kind);
  out["name"] = node.name;
  out["patch"] = or_null(node.patch);
  out["state"] = to_string(node.state);
  out["result"] =
      node.result ? json::value(findings::to_string(*node.result)) : json::value(nullptr);
  out["summary"] = mend_utf8(node.summary);
  out["runtime"] = node.runtime;
  out["attempt"] = node.attempt;
  out["tree"] = or_null(node.tree);
  out["commit"] = or_null(node.commit);
  out["created"] = or_null(node.created);
  out["started"] = or_null(node.started);
  out["finished"] = or_null(node.finished);
  return out;
}

json::array findings_json(std::span<const findings::Finding> findings) {
  json::array out;
  for (const findings::Finding& finding : findings) {
    out.push_back({{"severity", findings::to_string(finding.severity)},
                   {"tool", finding.tool},
                   {"rule", finding.rule},
                   {"file", or_null(finding.file)},
                   {"line", finding.line > 0 ? json::value(finding.line) : json::value(nullptr)},
                   {"function", or_null(finding.function)},
                   {"message", mend_utf8(finding.message)},
                   {"detail", or_null(finding.detail)},
                   {"patch", or_null(finding.patch_label)},
                   {"fingerprint", finding.fingerprint()}});
  }
  return out;
}

}  // namespace patchmill::pipeline
