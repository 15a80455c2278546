#include "store/database.hpp"

#include "store/engines.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <exception>

namespace patchmill::store {

namespace detail {

void check_text(std::string_view text, std::string_view sql) {
  if (text.find('\0') != std::string_view::npos || !is_valid_utf8(text)) {
    throw DatabaseError("text that is not UTF-8, or holds NUL, was bound to: " + quote_sql(sql),
                        DatabaseError::Blame::content);
  }
}

std::string quote_sql(std::string_view sql) {
  return ellipsize(escape_terminal(collapse_whitespace(sql)), 300);
}

void note_refused(std::string_view sql, std::string_view words) {
  log::debug("the store refused ({}): {}", words, quote_sql(sql));
}

void throw_no_row(std::string_view sql) {
  note_refused(sql, "no row");
  throw DatabaseError("the store lacks a row it should have; `patchmill doctor` looks at it");
}

}  // namespace detail

std::unique_ptr<Database> Database::open(std::string_view url) {
  if (url.starts_with("postgresql://") || url.starts_with("postgres://")) {
    return detail::open_postgresql(url);
  }
  return detail::open_sqlite(url);
}

Transaction::Transaction(Database& database)
    : m_database(database), m_outermost(database.m_depth == 0) {
  if (m_outermost) {
    database.m_must_roll_back = false;
    // SQLite: taking the write lock at once avoids the dead end of two readers that both want it.
    database.exec(database.engine() == Engine::sqlite ? "BEGIN IMMEDIATE" : "BEGIN");
  }
  ++database.m_depth;
}

Transaction::~Transaction() {
  if (m_done) {
    return;
  }
  --m_database.m_depth;
  if (!m_outermost) {
    m_database.m_must_roll_back = true;
    return;
  }
  try {
    m_database.exec("ROLLBACK");
  } catch (const std::exception& error) {
    // Some failures (disk full, lost connection) have already rolled back.
    log::debug("rolling back: {}", error.what());
  }
}

void Transaction::commit() {
  if (m_done) {
    throw DatabaseError("a transaction was committed twice");
  }
  if (m_outermost) {
    if (m_database.m_must_roll_back) {
      throw DatabaseError("a nested transaction was rolled back, so the outer one cannot commit");
    }
    m_database.exec("COMMIT");
  }
  m_done = true;
  --m_database.m_depth;
}

}  // namespace patchmill::store
