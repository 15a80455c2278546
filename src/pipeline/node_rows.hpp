#pragma once
// Between rows of the store and nodes; used by node_store.cpp alone.

#include "findings/finding.hpp"
#include "pipeline/node.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace patchmill::pipeline {

// Columns in the order node_from() reads them.
inline constexpr std::string_view select_nodes =
    "SELECT id, parent, series, kind, name, patch, state, result, summary, runtime, attempt, tree, "
    "commit_id, reproducer, created, started, finished, cause FROM nodes";
Node node_from(const store::Row& row);

std::optional<std::string_view> result_column(const Node& node);
std::optional<std::int64_t> time_column(const std::optional<Timestamp>& time);

void insert_finding(store::Database& database, std::int64_t node, std::size_t position,
                    const findings::Finding& finding);
std::vector<findings::Finding> read_findings(store::Database& database, std::int64_t node);

// Stable; nodes whose parent is not among them count as roots.
std::vector<Node> parents_first(std::vector<Node> nodes);

}  // namespace patchmill::pipeline
