// A dump of anybody's database: texts are clean, as many values as columns, places go forward, and
// stopping early stops.

#include "check.hpp"
#include "patchwork/dump.hpp"
#include "util/text.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

using namespace patchmill;

namespace {

void read(std::string_view text, std::size_t most) {
  const bool is_json = text.starts_with('[') || text.starts_with('{');
  std::size_t rows = 0;
  std::size_t last = 0;
  const auto done = (is_json ? patchwork::each_row_of_json : patchwork::each_row_of_sql)(
      text, [](std::string_view table) { return table != "other"; },
      [&](const patchwork::DumpRow& row, std::size_t at) -> Result<void> {
        FUZZ_CHECK(rows < most);
        FUZZ_CHECK(row.table != "other");
        FUZZ_CHECK(row.columns.size() == row.values.size());
        FUZZ_CHECK(at <= text.size());
        FUZZ_CHECK(at >= last);
        last = at;
        for (const auto& column : row.columns) {
          FUZZ_CHECK(row.number(column) >= 0);
          [[maybe_unused]] const auto truth = row.truth(column);
          if (const auto value = row.text(column)) {
            FUZZ_CHECK(is_valid_utf8(*value));
            FUZZ_CHECK(value->find('\0') == std::string::npos);
          }
        }
        if (++rows == most) {
          return fail(ErrorKind::limit, "enough");
        }
        return {};
      });
  if (rows == most) {
    FUZZ_CHECK(!done.has_value());
  } else if (!done) {
    FUZZ_CHECK(!done.error().message.empty());
    FUZZ_CHECK(is_valid_utf8(done.error().message));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read(text, 1u << 30);
  read(text, 2);
  return 0;
}
