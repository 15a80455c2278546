#include "store/outbox.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace patchmill::store {
namespace {

enum class State { due = 0, sent = 1, given_up = 2 };

constexpr std::chrono::minutes k_clock_slack{1};
// Longer than anybody's lease or wait for another attempt.
constexpr std::chrono::hours k_very_long{24};

constexpr std::string_view k_claim =
    "UPDATE outbox SET holder = ?, lease_until = ?, attempts = attempts + 1 WHERE id = ("
    "SELECT id FROM outbox WHERE kind = ? AND state = 0 AND {}"
    "(due <= ? OR created > ? OR (attempts > 0 AND due > ?)) AND "
    "(lease_until <= ? OR lease_until > ?) ORDER BY due, id LIMIT 1{}) "
    "RETURNING id, key, kind, payload, attempts";

enum class Order { due, written };

std::optional<OutboxItem> claim(Database& database, Timestamp now, std::string_view kind,
                                std::string_view holder, std::chrono::microseconds lease,
                                Order order) {
  // PostgreSQL: two claims at once must not wait for, and then take, the same row.
  // SQLite has one writer at a time, so its update is that lock.
  const bool sqlite = database.engine() == Engine::sqlite;
  const auto sql = fmt::format(
      k_claim,
      order == Order::due
          ? ""
          : "id = (SELECT MIN(o.id) FROM outbox o WHERE o.kind = outbox.kind AND o.state = 0) AND ",
      sqlite ? "" : " FOR UPDATE SKIP LOCKED");
  const auto row = database.one<std::int64_t, std::string, std::string, std::string, int>(
      sql, holder, to_micros(now + lease), kind, to_micros(now), to_micros(now + k_clock_slack),
      to_micros(now + k_very_long), to_micros(now), to_micros(now + k_very_long));
  if (!row) {
    return std::nullopt;
  }
  const auto& [id, key, row_kind, payload, attempts] = *row;
  return OutboxItem{id, key, row_kind, payload, attempts};
}

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
  return claim(database, now, kind, holder, lease, Order::due);
}

std::optional<OutboxItem> claim_in_order(Database& database, Timestamp now, std::string_view kind,
                                         std::string_view holder, std::chrono::microseconds lease) {
  return claim(database, now, kind, holder, lease, Order::written);
}

void take_back(Database& database,
               const std::function<bool(std::string_view kind, std::string_view holder)>& is_gone) {
  std::vector<std::pair<std::int64_t, std::string>> held;
  database.each("SELECT id, kind, holder FROM outbox WHERE state = 0 AND holder IS NOT NULL",
                [&](const Row& row) {
                  if (is_gone(row.text(1), row.text(2))) {
                    held.emplace_back(row.integer(0), row.text(2));
                  }
                });
  for (const auto& [id, holder] : held) {
    database.exec("UPDATE outbox SET holder = NULL, lease_until = 0 WHERE id = ? AND holder = ?",
                  id, holder);
  }
}

bool is_sent(Database& database, std::string_view key) {
  return database.value<std::int64_t>("SELECT COUNT(*) FROM outbox WHERE key = ? AND state = ?",
                                      key, State::sent) > 0;
}

void remove(Database& database, std::int64_t id) {
  database.exec("DELETE FROM outbox WHERE id = ?", id);
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
