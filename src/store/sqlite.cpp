#include "store/engines.hpp"
#include "util/text.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_map>

namespace patchmill::store::detail {
namespace {

constexpr int busy_timeout_ms = 30'000;
constexpr std::size_t max_cached_statements = 256;

struct StatementDeleter {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, StatementDeleter>;

struct ConnectionCloser {
  void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
};

// What to do about an error that is none of the statement's; empty: nothing is known.
std::string_view remedy(sqlite3* connection) {
  const int code = sqlite3_errcode(connection) & 0xFF;
  const bool io = code == SQLITE_IOERR || code == SQLITE_CANTOPEN;
  if (code == SQLITE_FULL || (io && sqlite3_system_errno(connection) == ENOSPC)) {
    return "; make room on its disk";
  }
  switch (code) {
    case SQLITE_IOERR:
      return "; its disk failed: `dmesg` says more";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return "; run patchmill as the user whose file it is";
    case SQLITE_BUSY:
      return "; another process has it: try again";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "; it is damaged: `patchmill restore` puts a backup in its place";
    default:
      return "";
  }
}

class SqliteRow final : public Row {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : m_statement(statement) {}
  bool is_null(int column) const override {
    return sqlite3_column_type(m_statement, column) == SQLITE_NULL;
  }
  std::int64_t integer(int column) const override {
    return sqlite3_column_int64(m_statement, column);
  }
  double real(int column) const override { return sqlite3_column_double(m_statement, column); }
  // A blob pointer serves text as well: SQLite keeps text as the UTF-8 bytes it was given.
  std::string_view text(int column) const override { return bytes(column); }
  std::string_view bytes(int column) const override {
    if (sqlite3_column_type(m_statement, column) == SQLITE_INTEGER ||
        sqlite3_column_type(m_statement, column) == SQLITE_FLOAT) {
      sqlite3_column_text(m_statement, column);
    }
    const void* data = sqlite3_column_blob(m_statement, column);
    const int size = sqlite3_column_bytes(m_statement, column);
    return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
  }

 private:
  sqlite3_stmt* m_statement;
};

class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(std::string_view path);
  Engine engine() const override { return Engine::sqlite; }
  void execute_script(std::string_view sql) override;

 protected:
  std::int64_t run(std::string_view sql, const Value* values, std::size_t count,
                   RowCallback callback, void* context) override;

 private:
  struct Cached {
    Statement statement;
    bool busy = false;
  };
  class Use;

  [[noreturn]] void fail(std::string_view sql) const;
  Statement prepare(std::string_view sql);
  void bind(sqlite3_stmt* statement, std::string_view sql, const Value* values,
            std::size_t count) const;
  void become_wal();

  std::string m_path;
  std::unique_ptr<sqlite3, ConnectionCloser> m_connection;
  std::unordered_map<std::string, Cached, TextHash, std::equal_to<>> m_statements;
};

// A statement for the length of one run: from the cache, or made anew when the same SQL is
// already running further up (a query inside the loop over itself).
class SqliteDatabase::Use {
 public:
  Use(SqliteDatabase& database, std::string_view sql) {
    auto it = database.m_statements.find(sql);
    if (it == database.m_statements.end()) {
      Statement made = database.prepare(sql);
      if (database.m_statements.size() >= max_cached_statements) {
        std::erase_if(database.m_statements, [](const auto& entry) { return !entry.second.busy; });
      }
      it = database.m_statements.emplace(std::string(sql), Cached{std::move(made), false}).first;
    }
    if (it->second.busy) {
      m_own = database.prepare(sql);
      m_statement = m_own.get();
    } else {
      m_cached = &it->second;  // map nodes stay where they are
      m_cached->busy = true;
      m_statement = m_cached->statement.get();
    }
  }
  ~Use() {
    sqlite3_reset(m_statement);
    sqlite3_clear_bindings(m_statement);
    if (m_cached != nullptr) {
      m_cached->busy = false;
    }
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  [[nodiscard]] sqlite3_stmt* get() const { return m_statement; }

 private:
  Cached* m_cached = nullptr;
  Statement m_own;
  sqlite3_stmt* m_statement = nullptr;
};

// Sorting the names of a large store takes 100 MB, which /var/tmp and /tmp may not have; where the
// store is there has to be some. SQLite looks elsewhere when that folder is gone.
void keep_temporary_files_beside(const std::string& path) {
  std::error_code error;
  if (std::getenv("SQLITE_TMPDIR") != nullptr || path.starts_with(':')) {
    return;
  }
  const auto folder = std::filesystem::absolute(path, error).parent_path();
  if (!error && std::filesystem::is_directory(folder, error)) {
    sqlite3_temp_directory = sqlite3_mprintf("%s", folder.c_str());
  }
}

SqliteDatabase::SqliteDatabase(std::string_view path) : m_path(path) {
  static std::once_flag configured;
  std::call_once(configured, [&] {
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    keep_temporary_files_beside(m_path);
  });

  sqlite3* connection = nullptr;
  const int status = sqlite3_open_v2(
      m_path.c_str(), &connection,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
      nullptr);
  m_connection.reset(connection);
  if (status != SQLITE_OK) {
    throw DatabaseError(fmt::format("cannot open the store {}: {}{}", escape_terminal(m_path),
                                    sqlite3_errmsg(connection), remedy(connection)));
  }
  sqlite3_busy_timeout(connection, busy_timeout_ms);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  // Most mails fit on a page of 8 KiB. A store keeps what it was made with; its snapshots get it.
  execute_script("PRAGMA page_size = 8192;");
  become_wal();
  execute_script(
      "PRAGMA synchronous = NORMAL;"
      "PRAGMA wal_autocheckpoint = 2000;"
      "PRAGMA foreign_keys = ON;"
      "PRAGMA temp_store = MEMORY;"
      "PRAGMA cache_size = -32768;"
      "PRAGMA journal_size_limit = 67108864;"
      "PRAGMA mmap_size = 1073741824;");
}

// SQLite does not wait for the lock it needs here when another process does the same.
void SqliteDatabase::become_wal() {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(busy_timeout_ms);
  while (true) {
    const int status =
        sqlite3_exec(m_connection.get(), "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
    if (status == SQLITE_OK) {
      return;
    }
    if ((status & 0xFF) != SQLITE_BUSY || std::chrono::steady_clock::now() > deadline) {
      throw DatabaseError(fmt::format("cannot use {} as a store: {}{}", escape_terminal(m_path),
                                      sqlite3_errmsg(m_connection.get()),
                                      remedy(m_connection.get())));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void SqliteDatabase::fail(std::string_view sql) const {
  const int code = sqlite3_errcode(m_connection.get()) & 0xFF;
  const bool content = code == SQLITE_ERROR || code == SQLITE_CONSTRAINT ||
                       code == SQLITE_MISMATCH || code == SQLITE_TOOBIG || code == SQLITE_RANGE;
  const std::string words = sqlite3_errmsg(m_connection.get());
  note_refused(sql, words);
  throw DatabaseError(fmt::format("cannot use the store {}: {}{}", escape_terminal(m_path),
                                  escape_terminal(words), remedy(m_connection.get())),
                      content ? DatabaseError::Blame::content : DatabaseError::Blame::store);
}

void SqliteDatabase::execute_script(std::string_view sql) {
  if (sqlite3_exec(m_connection.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr) !=
      SQLITE_OK) {
    fail(sql);
  }
}

Statement SqliteDatabase::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const char* tail = nullptr;
  if (sqlite3_prepare_v3(m_connection.get(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, &tail) != SQLITE_OK) {
    fail(sql);
  }
  Statement owned(statement);
  const std::string_view rest(tail, static_cast<std::size_t>(sql.data() + sql.size() - tail));
  if (statement == nullptr || !trim(rest).empty()) {
    throw DatabaseError("exactly one statement is wanted: " + quote_sql(sql));
  }
  return owned;
}

void SqliteDatabase::bind(sqlite3_stmt* statement, std::string_view sql, const Value* values,
                          std::size_t count) const {
  if (static_cast<std::size_t>(sqlite3_bind_parameter_count(statement)) != count) {
    throw DatabaseError(fmt::format("{} values for: {}", count, quote_sql(sql)));
  }
  // A null pointer would bind NULL instead of an empty value.
  const auto pointer = [](std::string_view text) { return text.empty() ? "" : text.data(); };
  for (std::size_t i = 0; i < count; ++i) {
    const int index = static_cast<int>(i) + 1;
    int status = SQLITE_OK;
    if (const auto* integer = std::get_if<std::int64_t>(&values[i])) {
      status = sqlite3_bind_int64(statement, index, *integer);
    } else if (const auto* text = std::get_if<std::string_view>(&values[i])) {
      check_text(*text, sql);
      status = sqlite3_bind_text64(statement, index, pointer(*text), text->size(), SQLITE_STATIC,
                                   SQLITE_UTF8);
    } else if (const auto* blob = std::get_if<Blob>(&values[i])) {
      status = sqlite3_bind_blob64(statement, index, pointer(blob->bytes), blob->bytes.size(),
                                   SQLITE_STATIC);
    } else if (const auto* real = std::get_if<double>(&values[i])) {
      status = sqlite3_bind_double(statement, index, *real);
    } else {
      status = sqlite3_bind_null(statement, index);
    }
    if (status != SQLITE_OK) {
      fail(sql);
    }
  }
}

std::int64_t SqliteDatabase::run(std::string_view sql, const Value* values, std::size_t count,
                                 RowCallback callback, void* context) {
  const Use use(*this, sql);
  bind(use.get(), sql, values, count);
  const auto changes_before = sqlite3_total_changes64(m_connection.get());
  const SqliteRow row(use.get());
  int status = SQLITE_ROW;
  while ((status = sqlite3_step(use.get())) == SQLITE_ROW) {
    if (callback != nullptr) {
      callback(context, row);
    }
  }
  if (status != SQLITE_DONE) {
    fail(sql);
  }
  // changes64 alone would repeat the count of an earlier statement.
  const bool changed = sqlite3_stmt_readonly(use.get()) == 0 &&
                       sqlite3_total_changes64(m_connection.get()) != changes_before;
  return changed ? sqlite3_changes64(m_connection.get()) : 0;
}

}  // namespace

std::unique_ptr<Database> open_sqlite(std::string_view path) {
  return std::make_unique<SqliteDatabase>(path);
}

}  // namespace patchmill::store::detail
