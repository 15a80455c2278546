#pragma once
// What the events node-created, node-started and node-done say about their node.

#include "pipeline/node.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::pipeline {

// JSON object: kind, name, state, attempt, patch where it is about one; of an ended node result,
// summary and duration_us.
std::string node_event_payload(const Node& node);

struct NodeDone {
  NodeKind kind = NodeKind::job;
  std::string name;
  findings::Verdict result = findings::Verdict::pass;
  std::chrono::microseconds took{};  // never negative
};
// Nothing where the payload is not that of node-done.
std::optional<NodeDone> parse_node_done(std::string_view payload);

}  // namespace patchmill::pipeline
