#include "pipeline/artifact_blobs.hpp"

#include <string>

namespace patchmill::pipeline {
namespace {

constexpr std::string_view k_old_rows =
    " FROM node_artifacts WHERE node = ? AND name <> 'placement.json'";

void drop(store::Database& database, std::int64_t node, bool dry_run, DroppedArtifacts& dropped) {
  const auto row = database.one<std::int64_t, std::int64_t>(
      "SELECT COUNT(*), COALESCE(SUM(size), 0)" + std::string(k_old_rows), node);
  if (!row || std::get<0>(*row) == 0) {
    return;
  }
  dropped.count += std::get<0>(*row);
  dropped.bytes += std::get<1>(*row);
  if (!dry_run) {
    database.exec("DELETE" + std::string(k_old_rows), node);
  }
}

}  // namespace

void each_artifact_blob(store::Database& database,
                        const std::function<void(std::string_view sha256)>& f) {
  constexpr int k_at_once = 10'000;
  std::int64_t node = -1, position = 0;
  for (int got = k_at_once; got == k_at_once;) {
    got = 0;
    database.each(
        "SELECT node, position, sha256 FROM node_artifacts WHERE (node, position) > (?, ?) "
        "ORDER BY node, position LIMIT ?",
        [&](const store::Row& row) {
          node = row.integer(0);
          position = row.integer(1);
          f(row.text(2));
          ++got;
        },
        node, position, k_at_once);
  }
}

DroppedArtifacts drop_artifacts_of(store::Database& database, std::int64_t series, Timestamp before,
                                   bool dry_run) {
  DroppedArtifacts dropped;
  for (const auto& [node] : database.rows<std::int64_t>(
           "SELECT id FROM nodes WHERE series = ? AND state = 'done' AND finished < ?", series,
           to_micros(before))) {
    drop(database, node, dry_run, dropped);
  }
  return dropped;
}

DroppedArtifacts drop_old_artifacts(store::Database& database, std::optional<std::int64_t>& after,
                                    Timestamp before, std::int64_t limit, bool dry_run) {
  DroppedArtifacts dropped;
  const auto nodes = database.rows<std::int64_t, std::optional<std::int64_t>, std::int64_t>(
      "SELECT n.id, CASE WHEN n.state = 'done' THEN n.finished END, n.created FROM nodes n "
      "WHERE n.id > ? AND EXISTS (SELECT 1 FROM node_artifacts a WHERE a.node = n.id) "
      "ORDER BY n.id LIMIT ?",
      after.value_or(0), limit);
  bool reached_young = nodes.empty();
  for (const auto& [node, finished, created] : nodes) {
    after = node;
    // Ids grow with time: behind the first young node there are only young ones.
    reached_young = created >= to_micros(before);
    if (reached_young) {
      break;
    }
    if (finished && *finished < to_micros(before)) {
      drop(database, node, dry_run, dropped);
    }
  }
  if (reached_young) {
    after.reset();
  }
  return dropped;
}

}  // namespace patchmill::pipeline
