#include "pipeline/node_rows.hpp"

#include "util/text.hpp"

#include <algorithm>
#include <set>

namespace patchmill::pipeline {
namespace {

std::optional<Timestamp> time_at(const store::Row& row, int column) {
  if (row.is_null(column)) {
    return std::nullopt;
  }
  return from_micros(row.integer(column));
}

}  // namespace

Node node_from(const store::Row& row) {
  Node node;
  node.id = row.integer(0);
  if (!row.is_null(1)) {
    node.parent = row.integer(1);
  }
  node.series = row.integer(2);
  node.kind = node_kind_from(row.text(3)).value_or(NodeKind::job);
  node.name = row.text(4);
  if (row.integer(5) != 0) {
    node.patch = static_cast<int>(row.integer(5));
  }
  node.state = node_state_from(row.text(6)).value_or(NodeState::done);
  if (!row.is_null(7)) {
    node.result = findings::verdict_from(row.text(7));
  }
  node.summary = row.text(8);
  node.runtime = row.text(9);
  node.attempt = static_cast<int>(row.integer(10));
  node.tree = row.text(11);
  node.commit = row.text(12);
  node.reproducer = row.text(13);
  node.created = time_at(row, 14);
  node.started = time_at(row, 15);
  node.finished = time_at(row, 16);
  if (const auto cause = row.get<std::optional<int>>(17)) {
    node.cause = static_cast<IncompleteCause>(*cause);
  }
  return node;
}

std::optional<std::string_view> result_column(const Node& node) {
  if (!node.result) {
    return std::nullopt;
  }
  return findings::to_string(*node.result);
}

std::optional<std::int64_t> time_column(const std::optional<Timestamp>& time) {
  if (!time) {
    return std::nullopt;
  }
  return to_micros(*time);
}

void insert_finding(store::Database& database, std::int64_t node, std::size_t position,
                    const findings::Finding& finding) {
  // Texts come from logs: PostgreSQL refuses what is not UTF-8, and NUL.
  database.exec(
      "INSERT INTO node_findings (node, position, fingerprint, severity, tool, rule, file, line, "
      "function, message, patch_label, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      node, position, finding.fingerprint(), findings::to_string(finding.severity),
      mend_utf8(finding.tool), mend_utf8(finding.rule), mend_utf8(finding.file), finding.line,
      mend_utf8(finding.function), ellipsize(mend_utf8(finding.message), 4096),
      mend_utf8(finding.patch_label), ellipsize(mend_utf8(finding.detail), 16384));
}

std::vector<findings::Finding> read_findings(store::Database& database, std::int64_t node) {
  std::vector<findings::Finding> result;
  database.each(
      "SELECT severity, tool, rule, file, line, function, message, patch_label, detail "
      "FROM node_findings WHERE node = ? ORDER BY position",
      [&](const store::Row& row) {
        findings::Finding finding;
        finding.severity = findings::severity_from(row.text(0)).value_or(findings::Severity::note);
        finding.tool = row.text(1);
        finding.rule = row.text(2);
        finding.file = row.text(3);
        finding.line = static_cast<int>(row.integer(4));
        finding.function = row.text(5);
        finding.message = row.text(6);
        finding.patch_label = row.text(7);
        finding.detail = row.text(8);
        result.push_back(std::move(finding));
      },
      node);
  return result;
}

std::vector<Node> parents_first(std::vector<Node> nodes) {
  std::set<std::int64_t> waiting;
  for (const Node& node : nodes) {
    waiting.insert(node.id);
  }
  std::vector<Node> result;
  result.reserve(nodes.size());
  while (!nodes.empty()) {
    const auto rest = std::stable_partition(nodes.begin(), nodes.end(), [&](const Node& node) {
      return !node.parent || !waiting.contains(*node.parent);
    });
    if (rest == nodes.begin()) {  // a ring of parents: broken data, but show it
      std::move(nodes.begin(), nodes.end(), std::back_inserter(result));
      break;
    }
    for (auto it = nodes.begin(); it != rest; ++it) {
      waiting.erase(it->id);
      result.push_back(std::move(*it));
    }
    nodes.erase(nodes.begin(), rest);
  }
  return result;
}

}  // namespace patchmill::pipeline
