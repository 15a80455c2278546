#pragma once
// Work at a glance, for operators: what runs, what waits, what came out.

#include "pipeline/node.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::pipeline {

// Series with a verdict, by its name.
std::map<std::string, std::int64_t> verdict_counts(store::Database& database);

std::vector<Node> running_nodes(store::Database& database, std::size_t limit = 1000);

struct QueueOfProject {
  std::string project;
  std::int64_t waiting = 0;  // nodes nobody has taken
  std::int64_t taken = 0;    // nodes of lanes a worker has
  // The waiting node that has been ready longest. Times before which nothing may start (retries)
  // do not count as waiting.
  std::optional<Timestamp> longest_since;
  std::int64_t longest_node = 0, longest_series = 0;
  std::string longest_note;  // why it waits, for people
};
std::vector<QueueOfProject> queue_by_project(store::Database& database, Timestamp now);

// Incomplete series with a node for which a tool is missing: a person must install it.
std::int64_t series_without_tool(store::Database& database);

}  // namespace patchmill::pipeline
