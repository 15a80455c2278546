#include "patchwork/dump.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <system_error>

namespace patchmill::patchwork {

const std::string* DumpRow::value(std::string_view column) const {
  const auto found = std::find(columns.begin(), columns.end(), column);
  const auto at = static_cast<std::size_t>(found - columns.begin());
  return at < values.size() && values[at] ? &*values[at] : nullptr;
}

std::optional<std::string> DumpRow::text(std::string_view column) const {
  const std::string* found = value(column);
  return found != nullptr ? std::optional(mend_utf8(*found)) : std::nullopt;
}

std::int64_t DumpRow::number(std::string_view column) const {
  const std::string* found = value(column);
  const auto number = found != nullptr ? parse_uint(*found) : std::nullopt;
  return number && *number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())
             ? static_cast<std::int64_t>(*number)
             : 0;
}

std::optional<bool> DumpRow::truth(std::string_view column) const {
  const std::string* found = value(column);
  if (found == nullptr) {
    return std::nullopt;
  }
  return *found == "1" || iequals(*found, "t") || iequals(*found, "true");
}

Result<Dump> Dump::open(const std::filesystem::path& path) {
  Dump dump;
  dump.m_name = escape_terminal(path.string());
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return fail(ErrorKind::invalid,
                fmt::format("{} is a folder; name the file of the dump", dump.m_name));
  }
  PM_TRY_ASSIGN(dump.m_file, MappedFile::open(path));
  const auto written = std::filesystem::last_write_time(path, error).time_since_epoch().count();
  dump.m_stamp = fmt::format("{}-{}", dump.size(), written);
  if (dump.m_file.view().starts_with("\x1f\x8b") || dump.m_file.view().starts_with("PGDMP") ||
      dump.m_file.view().starts_with("\x28\xb5\x2f\xfd")) {
    return fail(
        ErrorKind::invalid,
        fmt::format("{} is packed: unpack it first (gunzip, zstd -d; pg_restore -f FILE for "
                    "pg_dump's own format)",
                    dump.m_name));
  }
  return dump;
}

Result<void> Dump::each(const DumpTables& wanted, const OnDumpRow& on_row) const {
  const std::string_view text = m_file.view();
  const auto first = text.find_first_not_of(" \t\r\n");
  const bool is_json =
      first != std::string_view::npos && (text[first] == '[' || text[first] == '{');
  const auto done =
      is_json ? each_row_of_json(text, wanted, on_row) : each_row_of_sql(text, wanted, on_row);
  return done ? done : Result<void>(fail_with(m_name, done.error()));
}

}  // namespace patchmill::patchwork
