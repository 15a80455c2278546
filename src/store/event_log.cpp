#include "store/event_log.hpp"

namespace patchmill::store {
namespace {

constexpr std::int64_t event_lock = 0x706d6576656e7473;  // "pmevents"

// Until this transaction ends nobody else gets an id: a reader that has seen id N would otherwise
// never see N-1 if that commits later. SQLite has one writer anyway.
void wait_for_ids(Database& database) {
  if (database.engine() == Engine::postgresql) {
    database.exec("SELECT pg_advisory_xact_lock(?)", event_lock);
  }
}

}  // namespace

std::int64_t append_event(Database& database, Timestamp now, std::string_view kind,
                          std::optional<std::int64_t> series, std::optional<std::int64_t> node,
                          std::string_view payload_json) {
  Transaction transaction(database);
  wait_for_ids(database);
  const auto id = database.value<std::int64_t>(
      "INSERT INTO events (time, kind, series, node, payload) VALUES (?, ?, ?, ?, ?) RETURNING id",
      to_micros(now), kind, series, node, payload_json);
  transaction.commit();
  return id;
}

EventWriter::EventWriter(Database& database, Timestamp now)
    : m_database(database),
      m_now(to_micros(now)),
      m_rows(database, "events", "time, kind, series, node, payload") {}

void EventWriter::add(std::string_view kind, std::optional<std::int64_t> series,
                      std::optional<std::int64_t> node, std::string_view payload_json) {
  m_rows.add(m_now, kind, series, node, payload_json);
}

void EventWriter::flush() {
  if (m_rows.empty()) {
    return;  // nobody waits for nothing
  }
  Transaction transaction(m_database);
  wait_for_ids(m_database);
  m_rows.flush();
  transaction.commit();
}

std::vector<Event> events_after(Database& database, std::int64_t after, std::size_t limit) {
  std::vector<Event> events;
  database.each(
      "SELECT id, time, kind, series, node, payload FROM events WHERE id > ? ORDER BY id LIMIT ?",
      [&](const Row& row) {
        events.push_back({row.integer(0), from_micros(row.integer(1)), row.get<std::string>(2),
                          row.get<std::optional<std::int64_t>>(3),
                          row.get<std::optional<std::int64_t>>(4), row.get<std::string>(5)});
      },
      after, limit);
  return events;
}

std::optional<EventSpan> event_span(Database& database) {
  const auto row = database.one<std::optional<std::int64_t>, std::optional<std::int64_t>>(
      "SELECT (SELECT MIN(id) FROM events), (SELECT MAX(id) FROM events)");
  if (!row || !std::get<0>(*row)) {
    return std::nullopt;
  }
  return EventSpan{*std::get<0>(*row), *std::get<1>(*row)};
}

std::int64_t drop_old_events(Database& database, Timestamp before, std::int64_t limit,
                             bool dry_run) {
  if (dry_run) {
    return database.value<std::int64_t>(
        "SELECT COUNT(*) FROM events WHERE time < ? AND id < (SELECT MAX(id) FROM events)",
        to_micros(before));
  }
  // From the oldest on, up to the first young one: a cursor then knows that all before it is gone.
  std::int64_t last = 0;
  bool young = false;
  database.each(
      "SELECT id, time FROM events WHERE id < (SELECT MAX(id) FROM events) ORDER BY id LIMIT ?",
      [&](const Row& row) {
        young = young || row.integer(1) >= to_micros(before);
        last = young ? last : row.integer(0);
      },
      limit);
  return last == 0 ? 0 : database.exec("DELETE FROM events WHERE id <= ?", last);
}

}  // namespace patchmill::store
