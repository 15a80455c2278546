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

std::optional<OutboxHead> head(Database& database, std::string_view kind) {
  const auto row = database.one<std::int64_t, int, std::string>(
      "SELECT id, attempts, COALESCE(error, '') FROM outbox WHERE kind = ? AND state = 0 "
      "ORDER BY id LIMIT 1",
      kind);
  if (!row) {
    return std::nullopt;
  }
  const auto& [id, attempts, error] = *row;
  return OutboxHead{id, attempts, error};
}

void make_due(Database& database, Timestamp now, std::int64_t id) {
  database.exec("UPDATE outbox SET due = ? WHERE id = ? AND state = ?", to_micros(now), id,
                State::due);
}

void make_failed_due(Database& database, Timestamp now, std::string_view kind) {
  database.exec(
      "UPDATE outbox SET due = ? WHERE kind = ? AND state = 0 AND attempts > 0 AND due > ?",
      to_micros(now), kind, to_micros(now));
}

std::int64_t give_up_before(Database& database, std::string_view kind, Timestamp before,
                            std::string_view error) {
  return database.exec(
      "UPDATE outbox SET state = ?, holder = NULL, lease_until = 0, error = ? "
      "WHERE kind = ? AND state = 0 AND created < ?",
      State::given_up, error, kind, to_micros(before));
}

std::int64_t remove_kind(Database& database, std::string_view kind) {
  const auto open = database.value<std::int64_t>(
      "SELECT COUNT(*) FROM outbox WHERE kind = ? AND state = 0", kind);
  database.exec("DELETE FROM outbox WHERE kind = ?", kind);
  return open;
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

std::int64_t drop_finished(
    Database& database, std::optional<std::int64_t>& after, Timestamp before, std::int64_t limit,
    bool dry_run, const std::function<bool(std::string_view kind, bool sent)>& is_done_with) {
  std::vector<std::int64_t> old;
  std::int64_t seen = 0;
  std::int64_t last = 0;
  // What was given up was due for the last time when that was tried.
  database.each(
      "SELECT id, kind, state, COALESCE(sent, due) FROM outbox WHERE id > ? ORDER BY id LIMIT ?",
      [&](const Row& row) {
        ++seen;
        last = row.integer(0);
        const auto state = row.integer(2);
        if (state != static_cast<std::int64_t>(State::due) && row.integer(3) < to_micros(before) &&
            is_done_with(row.text(1), state == static_cast<std::int64_t>(State::sent))) {
          old.push_back(last);
        }
      },
      after.value_or(0), limit);
  after = seen < limit ? std::nullopt : std::optional(last);
  if (!dry_run) {
    Transaction transaction(database);
    for (const auto id : old) {
      remove(database, id);
    }
    transaction.commit();
  }
  return static_cast<std::int64_t>(old.size());
}

}  // namespace patchmill::store
