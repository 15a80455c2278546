#pragma once
// Everything that runs is a node (KernelCI Maestro's model), in a tree under a checkout.

#include "findings/finding.hpp"
#include "pipeline/retry.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::pipeline {

enum class NodeKind { checkout, kbuild, job, test, process, check };
enum class NodeState { running, available, closing, done };
std::string_view to_string(NodeKind kind);
std::string_view to_string(NodeState state);
std::optional<NodeKind> node_kind_from(std::string_view text);
std::optional<NodeState> node_state_from(std::string_view text);

struct Node {
  std::int64_t id = 0;
  std::optional<std::int64_t> parent;
  std::int64_t series = 0;
  NodeKind kind = NodeKind::job;
  std::string name;          // "checkout", "checkpatch", "build-um", "boot.ktap.sched"
  std::optional<int> patch;  // 1-based number where it is about one patch
  NodeState state = NodeState::available;
  std::optional<findings::Verdict> result;  // set when done
  std::string summary;                      // one line: why this result
  std::optional<IncompleteCause> cause;     // of an incomplete one, where known
  std::string runtime;                      // local, ...
  int attempt = 1;
  std::string tree, commit;  // what it ran on
  std::string reproducer;    // a shell script that repeats it; empty: none
  std::optional<Timestamp> created, started, finished;
};

struct Artifact {
  std::string name;  // "log", "ktap", ...
  std::string sha256;
  std::int64_t size = 0;
};

}  // namespace patchmill::pipeline
