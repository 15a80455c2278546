#pragma once
// The ordered event log: one row for everything that happened, written in the same transaction.

#include "store/bulk_insert.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::store {

// kind is "<noun>-<past participle>" in Patchwork's or Maestro's words where they have one:
// message-received, series-created, series-completed, patch-created, cover-created,
// check-created, node-created, node-done, checkout-created, ...
struct Event {
  std::int64_t id = 0;  // grows monotonically; the cursor of every reader
  Timestamp time{};
  std::string kind;
  std::optional<std::int64_t> series;
  std::optional<std::int64_t> node;
  std::string payload;  // JSON object
};

// Returns the id. Call it inside the transaction that makes the change.
std::int64_t append_event(Database& database, Timestamp now, std::string_view kind,
                          std::optional<std::int64_t> series, std::optional<std::int64_t> node,
                          std::string_view payload_json);
// Many events of one transaction, with few statements. What was added is in the log after flush().
class EventWriter {
 public:
  EventWriter(Database& database, Timestamp now);
  void add(std::string_view kind, std::optional<std::int64_t> series,
           std::optional<std::int64_t> node, std::string_view payload_json);
  void flush();

 private:
  Database& m_database;
  std::int64_t m_now;
  BulkInsert m_rows;
};
// Events with id > after, oldest first.
std::vector<Event> events_after(Database& database, std::int64_t after, std::size_t limit);

// The oldest and the newest event that are kept; nothing while there are none.
struct EventSpan {
  std::int64_t oldest = 0, newest = 0;
};
std::optional<EventSpan> event_span(Database& database);

// Removes up to `limit` of the oldest events that happened before `before`; the newest one always
// stays. Returns how many. dry_run: only counts, all of them.
std::int64_t drop_old_events(Database& database, Timestamp before, std::int64_t limit,
                             bool dry_run);

}  // namespace patchmill::store
