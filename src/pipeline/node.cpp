#include "pipeline/node.hpp"

#include <array>

namespace patchmill::pipeline {

std::string_view to_string(NodeKind kind) {
  switch (kind) {
    case NodeKind::checkout:
      return "checkout";
    case NodeKind::kbuild:
      return "kbuild";
    case NodeKind::job:
      return "job";
    case NodeKind::test:
      return "test";
    case NodeKind::process:
      return "process";
    case NodeKind::check:
      return "check";
  }
  return "job";
}

std::string_view to_string(NodeState state) {
  switch (state) {
    case NodeState::running:
      return "running";
    case NodeState::available:
      return "available";
    case NodeState::closing:
      return "closing";
    case NodeState::done:
      return "done";
  }
  return "done";
}

std::optional<NodeKind> node_kind_from(std::string_view text) {
  for (const NodeKind kind : {NodeKind::checkout, NodeKind::kbuild, NodeKind::job, NodeKind::test,
                              NodeKind::process, NodeKind::check}) {
    if (to_string(kind) == text) {
      return kind;
    }
  }
  return std::nullopt;
}

std::optional<NodeState> node_state_from(std::string_view text) {
  for (const NodeState state :
       {NodeState::running, NodeState::available, NodeState::closing, NodeState::done}) {
    if (to_string(state) == text) {
      return state;
    }
  }
  return std::nullopt;
}

}  // namespace patchmill::pipeline
