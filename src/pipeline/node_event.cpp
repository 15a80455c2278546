#include "pipeline/node_event.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace patchmill::pipeline {

std::string node_event_payload(const Node& node) {
  boost::json::object object;
  object["kind"] = to_string(node.kind);
  object["name"] = node.name;
  object["state"] = to_string(node.state);
  if (node.patch) {
    object["patch"] = *node.patch;
  }
  if (node.result) {
    object["result"] = findings::to_string(*node.result);
    object["summary"] = node.summary;
    if (node.started && node.finished) {
      // A clock that was set back in between is no reason for a negative duration.
      object["duration_us"] = std::max<std::int64_t>(0, (*node.finished - *node.started).count());
    }
  }
  object["attempt"] = node.attempt;
  return boost::json::serialize(object);
}

std::optional<NodeDone> parse_node_done(std::string_view payload) {
  boost::system::error_code error;
  const auto json = boost::json::parse(payload, error);
  if (error || !json.is_object()) {
    return std::nullopt;
  }
  const auto text = [&](std::string_view key) -> std::string_view {
    const auto* value = json.get_object().if_contains(key);
    return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                  : std::string_view();
  };
  const auto kind = node_kind_from(text("kind"));
  const auto result = findings::verdict_from(text("result"));
  if (!kind || !result) {
    return std::nullopt;
  }
  NodeDone done{*kind, std::string(text("name")), *result, {}};
  if (const auto* took = json.get_object().if_contains("duration_us");
      took != nullptr && took->is_int64()) {
    done.took = std::chrono::microseconds(std::max<std::int64_t>(0, took->get_int64()));
  }
  return done;
}

}  // namespace patchmill::pipeline
