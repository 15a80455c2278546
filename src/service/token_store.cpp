#include "service/token_store.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::service {
namespace {

constexpr std::size_t k_max_remembered = 10'000;

std::optional<std::int64_t> column(const std::optional<Timestamp>& time) {
  return time ? std::optional(to_micros(*time)) : std::nullopt;
}

std::optional<Timestamp> time_of(const store::Row& row, int index) {
  return row.is_null(index) ? std::nullopt : std::optional(from_micros(row.integer(index)));
}

http::TokenRecord record_from(const store::Row& row) {
  http::TokenRecord record;
  record.id = row.text(0);
  record.hash = row.text(1);
  record.name = row.text(2);
  record.owner = row.text(3);
  for (const auto scope : split(row.text(4), '\n')) {
    if (!scope.empty()) {
      record.scopes.emplace_back(scope);
    }
  }
  record.created = from_micros(row.integer(5));
  record.expires = time_of(row, 6);
  record.revoked = time_of(row, 7);
  record.last_used = time_of(row, 8);
  return record;
}

constexpr std::string_view k_select =
    "SELECT id, hash, name, owner, scopes, created, expires, revoked, last_used FROM tokens";

}  // namespace

SqlTokenStore::SqlTokenStore(std::string store_url,
                             std::function<std::chrono::steady_clock::time_point()> steady)
    : m_url(std::move(store_url)), m_steady(std::move(steady)) {}

template <class F>
auto SqlTokenStore::with_database(F f) -> Result<decltype(f(std::declval<store::Database&>()))> {
  try {
    if (!m_database) {
      m_database = store::Database::open(m_url);
      if (m_database->engine() == store::Engine::sqlite) {
        // A request must not wait for a long import.
        m_database->execute_script("PRAGMA busy_timeout = 2000; PRAGMA cache_size = -1024;");
      }
    }
    ++m_queries;
    return f(*m_database);
  } catch (const store::DatabaseError& problem) {
    m_database.reset();
    return fail(ErrorKind::infrastructure, problem.what());
  }
}

Result<void> SqlTokenStore::add(const http::TokenRecord& record) {
  const std::lock_guard lock(m_mutex);
  PM_TRY_ASSIGN(const auto added, with_database([&](store::Database& database) {
                  return database.exec(
                      "INSERT INTO tokens (id, hash, name, owner, scopes, created, expires, "
                      "revoked, last_used) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
                      "ON CONFLICT DO NOTHING",
                      record.id, record.hash, record.name, record.owner, join(record.scopes, "\n"),
                      to_micros(record.created), column(record.expires), column(record.revoked),
                      column(record.last_used));
                }));
  if (added == 0) {
    return fail(ErrorKind::conflict, "there is a token '" + record.id + "' already");
  }
  return {};
}

std::vector<http::TokenRecord> SqlTokenStore::select(store::Database& database,
                                                     std::string_view where,
                                                     std::string_view value) {
  std::vector<http::TokenRecord> found;
  database.each(
      fmt::format("{} WHERE {} = ?", k_select, where),
      [&](const store::Row& row) { found.push_back(record_from(row)); }, value);
  return found;
}

Result<std::optional<http::TokenRecord>> SqlTokenStore::find_by_hash(std::string_view hash) {
  const std::lock_guard lock(m_mutex);
  const auto now = m_steady();
  if (const auto found = m_remembered.find(hash); found != m_remembered.end()) {
    if (now < found->second.until) {
      return found->second.record;
    }
    m_remembered.erase(found);
  }
  PM_TRY_ASSIGN(auto records, with_database([&](store::Database& database) {
                  return select(database, "hash", hash);
                }));
  if (records.empty()) {
    return std::nullopt;  // not remembered: guesses must not fill the memory
  }
  http::TokenRecord record = std::move(records.front());
  if (!record.revoked) {
    if (m_remembered.size() >= k_max_remembered) {
      m_remembered.clear();
    }
    m_remembered[record.hash] = {record, now + k_remember};
  }
  return record;
}

Result<std::vector<http::TokenRecord>> SqlTokenStore::list() {
  const std::lock_guard lock(m_mutex);
  return with_database([](store::Database& database) {
    std::vector<http::TokenRecord> all;
    database.each(fmt::format("{} ORDER BY created, id", k_select),
                  [&](const store::Row& row) { all.push_back(record_from(row)); });
    return all;
  });
}

Result<void> SqlTokenStore::revoke(std::string_view id, Timestamp when) {
  const std::lock_guard lock(m_mutex);
  std::erase_if(m_remembered, [&](const auto& entry) { return entry.second.record.id == id; });
  PM_TRY_ASSIGN(const auto changed, with_database([&](store::Database& database) {
                  return database.exec(
                      "UPDATE tokens SET revoked = COALESCE(revoked, ?) WHERE id = ?",
                      to_micros(when), id);
                }));
  if (changed == 0) {
    return fail(ErrorKind::not_found,
                fmt::format("there is no token '{}'; `patchmill token list` shows them",
                            ellipsize(escape_terminal(id), 80)));
  }
  return {};
}

Result<void> SqlTokenStore::touch(std::string_view id, Timestamp when) {
  const std::lock_guard lock(m_mutex);
  for (auto& [hash, remembered] : m_remembered) {
    if (remembered.record.id == id) {
      if (remembered.record.last_used && when - *remembered.record.last_used < k_touch_every) {
        return {};
      }
      // Also when the write fails: the next try is for the next minute.
      remembered.record.last_used = when;
    }
  }
  PM_TRY(with_database([&](store::Database& database) {
    return database.exec(
        "UPDATE tokens SET last_used = ? WHERE id = ? AND (last_used IS NULL OR last_used <= ?)",
        to_micros(when), id, to_micros(when - k_touch_every));
  }));
  return {};
}

std::size_t SqlTokenStore::queries() const {
  const std::lock_guard lock(m_mutex);
  return m_queries;
}

}  // namespace patchmill::service
