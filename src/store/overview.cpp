#include "store/overview.hpp"

#include <algorithm>

namespace patchmill::store {

std::vector<CursorRow> all_cursors(Database& database, std::size_t limit) {
  std::vector<CursorRow> rows;
  database.each(
      "SELECT source, value, 0 FROM cursors UNION ALL "
      "SELECT source, '', COUNT(*) FROM read_names GROUP BY source ORDER BY 1 LIMIT ?",
      [&](const Row& row) {
        rows.push_back({row.get<std::string>(0), row.get<std::string>(1), row.integer(2)});
      },
      limit);
  return rows;
}

std::vector<OutboxCounts> outbox_counts(Database& database) {
  std::vector<OutboxCounts> all;
  // Rows that were sent are most of them, and kept; no index knows those that were given up, but
  // then few were ever sent for a reader to notice.
  database.each(
      "SELECT kind, SUM(CASE WHEN state = 0 THEN 1 ELSE 0 END), "
      "SUM(CASE WHEN state = 2 THEN 1 ELSE 0 END), "
      "MIN(CASE WHEN state = 0 THEN due END), COALESCE(MAX(error), '') "
      "FROM outbox WHERE state <> 1 GROUP BY kind ORDER BY kind",
      [&](const Row& row) {
        const auto due = row.get<std::optional<std::int64_t>>(3);
        all.push_back({row.get<std::string>(0), row.integer(1), row.integer(2),
                       due ? std::optional(from_micros(*due)) : std::nullopt,
                       row.get<std::string>(4)});
      });
  return all;
}

std::vector<Event> last_events(Database& database, std::size_t limit) {
  std::vector<Event> events;
  database.each(
      "SELECT id, time, kind, series, node, payload FROM events ORDER BY id DESC LIMIT ?",
      [&](const Row& row) {
        events.push_back({row.integer(0), from_micros(row.integer(1)), row.get<std::string>(2),
                          row.get<std::optional<std::int64_t>>(3),
                          row.get<std::optional<std::int64_t>>(4), row.get<std::string>(5)});
      },
      limit);
  std::reverse(events.begin(), events.end());
  return events;
}

std::int64_t store_bytes(Database& database) {
  if (database.engine() == Engine::sqlite) {
    return database.value<std::int64_t>("PRAGMA page_count") *
           database.value<std::int64_t>("PRAGMA page_size");
  }
  return database.value<std::int64_t>(
      "SELECT COALESCE(SUM(pg_total_relation_size(oid)), 0)::bigint FROM pg_class "
      "WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'");
}

}  // namespace patchmill::store
