#include "store/outbox.hpp"

#include <fmt/format.h>

namespace patchmill::store {
namespace {

enum class State { due = 0, sent = 1, given_up = 2 };

constexpr std::chrono::minutes k_clock_slack{1};
// Longer than anybody's lease or wait for another attempt.
constexpr std::chrono::hours k_very_long{24};

constexpr std::string_view k_claim =
    "UPDATE outbox SET holder = ?, lease_until = ?, attempts = attempts + 1 WHERE id = ("
    "SELECT id FROM outbox WHERE kind = ? AND state = 0 AND "
    "(due <= ? OR created > ? OR (attempts > 0 AND due > ?)) AND "
    "(lease_until <= ? OR lease_until > ?) ORDER BY due, id LIMIT 1{}) "
    "RETURNING id, key, kind, payload, attempts";

}  // namespace

bool enqueue(Database& database, Timestamp now, std::string_view key, std::string_view kind,
             std::string_view payload, std::optional<Timestamp> due) {
  return database.exec(
             "INSERT INTO outbox (key, kind, payload, due, created) VALUES (?, ?, ?, ?, ?) "
             "ON CONFLICT (key) DO NOTHING",
             key, kind, payload, to_micros(due.value_or(now)), to_micros(now)) == 1;
}

std::optional<OutboxItem> claim(Database& database, Timestamp now, std::string_view kind,
                                std::string_view holder, std::chrono::microseconds lease) {
  // PostgreSQL: two claims at once must not wait for, and then take, the same row.
  // SQLite has one writer at a time, so its update is that lock.
  const bool sqlite = database.engine() == Engine::sqlite;
  const auto row = database.one<std::int64_t, std::string, std::string, std::string, int>(
      fmt::format(k_claim, sqlite ? "" : " FOR UPDATE SKIP LOCKED"), holder, to_micros(now + lease),
      kind, to_micros(now), to_micros(now + k_clock_slack), to_micros(now + k_very_long),
      to_micros(now), to_micros(now + k_very_long));
  if (!row) {
    return std::nullopt;
  }
  const auto& [id, key, row_kind, payload, attempts] = *row;
  return OutboxItem{id, key, row_kind, payload, attempts};
}

void mark_sent(Database& database, Timestamp now, std::int64_t id) {
  database.exec(
      "UPDATE outbox SET state = ?, sent = ?, holder = NULL, lease_until = 0, error = NULL "
      "WHERE id = ? AND state <> ?",
      State::sent, to_micros(now), id, State::sent);
}

void mark_failed(Database& database, std::int64_t id, std::string_view error,
                 std::optional<Timestamp> retry_at) {
  // What has been sent stays sent, also when a slow holder of an earlier lease reports late.
  database.exec(
      "UPDATE outbox SET state = ?, due = COALESCE(?, due), holder = NULL, lease_until = 0, "
      "error = ? WHERE id = ? AND state = ?",
      retry_at ? State::due : State::given_up,
      retry_at ? std::optional(to_micros(*retry_at)) : std::nullopt, error, id, State::due);
}

}  // namespace patchmill::store
