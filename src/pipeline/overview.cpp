#include "pipeline/overview.hpp"

#include "pipeline/node_rows.hpp"
#include "pipeline/retry.hpp"

#include <algorithm>

namespace patchmill::pipeline {

std::map<std::string, std::int64_t> verdict_counts(store::Database& database) {
  std::map<std::string, std::int64_t> counts;
  for (const auto& [verdict, count] : database.rows<std::string, std::int64_t>(
           "SELECT verdict, COUNT(*) FROM series_verdicts GROUP BY verdict")) {
    counts[verdict] = count;
  }
  return counts;
}

std::vector<Node> running_nodes(store::Database& database, std::size_t limit) {
  std::vector<Node> nodes;
  database.each(
      std::string(select_nodes) +
          " WHERE state = 'running' OR state = 'closing' ORDER BY id LIMIT ?",
      [&](const store::Row& row) { nodes.push_back(node_from(row)); }, limit);
  return nodes;
}

std::vector<QueueOfProject> queue_by_project(store::Database& database, Timestamp now) {
  std::vector<QueueOfProject> all;
  database.each(
      "SELECT project, SUM(CASE WHEN worker = '' THEN 1 ELSE 0 END), "
      "SUM(CASE WHEN worker <> '' THEN 1 ELSE 0 END) FROM queue GROUP BY project "
      "ORDER BY project",
      [&](const store::Row& row) {
        QueueOfProject project;
        project.project = row.text(0);
        project.waiting = row.integer(1);
        project.taken = row.integer(2);
        all.push_back(std::move(project));
      });
  for (QueueOfProject& project : all) {
    const auto longest =
        database.one<std::int64_t, std::int64_t, std::string, std::int64_t, std::int64_t>(
            "SELECT node, series, note, queued, ready_at FROM queue WHERE project = ? "
            "AND worker = '' AND ready_at <= ? ORDER BY "
            "CASE WHEN queued > ready_at THEN queued ELSE ready_at END, node LIMIT 1",
            project.project, to_micros(now));
    if (longest) {
      const auto& [node, series, note, queued, ready_at] = *longest;
      project.longest_node = node;
      project.longest_series = series;
      project.longest_note = note;
      project.longest_since = from_micros(std::max(queued, ready_at));
    }
  }
  return all;
}

std::int64_t series_without_tool(store::Database& database) {
  return database.value<std::int64_t>(
      "SELECT COUNT(*) FROM series_verdicts v WHERE v.verdict = 'incomplete' AND EXISTS ("
      "SELECT 1 FROM nodes n WHERE n.series = v.series AND n.cause = ?)",
      IncompleteCause::missing_tool);
}

}  // namespace patchmill::pipeline
