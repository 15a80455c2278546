#pragma once
// The whole store as one file, taken while others write, and put back.

#include "store/database.hpp"
#include "util/result.hpp"
#include "util/subprocess.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace patchmill::store {

// Writes one consistent moment of the store to `file`, which must not exist. SQLite: a compact
// database file; writers go on meanwhile. PostgreSQL: a dump of pg_dump's custom format of the
// current schema. Errors (infrastructure) say what to install or free. `file` may be left
// half-written on error; it is durable on success.
Result<void> write_snapshot(std::string_view url, const std::filesystem::path& file,
                            ProcessRunner& processes);

// PostgreSQL only: the schema a dump of this store holds and needs. Empty for SQLite.
std::string schema_name(Database& database);

// PostgreSQL only: fills the store from a dump, all or nothing. `replace` drops the tables that are
// there: those of the dump with it, and then those it does not have but a migration makes; when the
// store was of a newer schema, every table of this user's in the schema, because nobody else knows
// which of them are of that newer version. Killed between the two it is to be done again.
Result<void> load_dump(std::string_view url, const std::filesystem::path& file, bool replace,
                       ProcessRunner& processes);

// SQLite only: error invalid when the file is no whole database ("PRAGMA quick_check").
Result<void> check_sqlite_file(const std::filesystem::path& file);
// SQLite only: brings what is in the write-ahead log into the file, so that it can be moved alone.
// Error conflict when somebody has it open for writing or reading.
Result<void> settle_sqlite_file(const std::filesystem::path& file);

}  // namespace patchmill::store
