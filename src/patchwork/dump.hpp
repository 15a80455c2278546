#pragma once
// A dump of Patchwork's database, row after row, as the database's own tools write it: pg_dump
// (COPY or --inserts), mysqldump and mariadb-dump, sqlite3's .dump, and Django's dumpdata (JSON or
// JSONL).
//
// The file is looked at where it is: no more than one row is in memory.

#include "util/file.hpp"
#include "util/result.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::patchwork {

// Names are those of Django's tables, whatever the dump is; columns that refer to rows have no
// "_id".
struct DumpRow {
  std::string table;                 // "patchwork_patch"
  std::vector<std::string> columns;  // "id", "project", …
  std::vector<std::optional<std::string>> values;

  // Missing, NULL and what is no number is nothing. Texts are valid UTF-8 without NUL.
  [[nodiscard]] std::optional<std::string> text(std::string_view column) const;
  [[nodiscard]] std::int64_t number(std::string_view column) const;  // not below 0; 0: nothing
  [[nodiscard]] std::optional<bool> truth(std::string_view column) const;

 private:
  [[nodiscard]] const std::string* value(std::string_view column) const;
};

using DumpTables = std::function<bool(std::string_view table)>;  // whether its rows are wanted
using OnDumpRow = std::function<Result<void>(const DumpRow& row, std::size_t at)>;

class Dump {
 public:
  static Result<Dump> open(const std::filesystem::path& path);

  // Rows of the wanted tables, in the order of the file; `at` is how far into it. An error is that
  // of `on_row`, or (invalid, limit) says where the file makes no sense or ends too soon.
  Result<void> each(const DumpTables& wanted, const OnDumpRow& on_row) const;

  [[nodiscard]] std::size_t size() const { return m_file.view().size(); }
  // The same for the same file, as far as one can tell without reading it.
  [[nodiscard]] const std::string& stamp() const { return m_stamp; }

 private:
  std::string m_name, m_stamp;
  MappedFile m_file;
};

// For Dump: messages are without the file's name.
Result<void> each_row_of_sql(std::string_view text, const DumpTables& wanted,
                             const OnDumpRow& on_row);
Result<void> each_row_of_json(std::string_view text, const DumpTables& wanted,
                              const OnDumpRow& on_row);

}  // namespace patchmill::patchwork
