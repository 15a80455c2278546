#include "registry/writing.hpp"

#include "registry/turn.hpp"

#include <algorithm>
#include <chrono>

namespace patchmill::registry {

std::int64_t begin_change(store::Database& database) {
  wait_for_turn(database);
  return database.value<std::int64_t>(
      "UPDATE registry_counters SET value = value + 1 WHERE name = 'change' RETURNING value");
}

std::int64_t newest_change(store::Database& database) {
  return database.value<std::int64_t>("SELECT value FROM registry_counters WHERE name = 'change'");
}

Timestamp date_after(std::optional<std::int64_t> newest, Timestamp now) {
  return newest ? std::max(now, from_micros(*newest) + std::chrono::microseconds(1)) : now;
}

Timestamp next_event_date(store::Database& database, Timestamp now) {
  return date_after(
      database.value<std::optional<std::int64_t>>("SELECT MAX(date) FROM registry_events"), now);
}

Id add_event(store::Database& database, Timestamp now, const NewEvent& event) {
  const Id id = next_id(database, "registry_events");
  put_event(database, id, next_event_date(database, now), event);
  return id;
}

void put_event(store::Database& database, Id id, Timestamp date, const NewEvent& event) {
  database.exec(
      "INSERT INTO registry_events (id, category, project, date, actor, patch, cover, series,"
      " check_id, comment, previous, current) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      id, event.category, event.project, to_micros(date), event.actor, event.patch, event.cover,
      event.series, event.check, event.comment, event.previous, event.current);
}

}  // namespace patchmill::registry
