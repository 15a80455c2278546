#include "util/text.hpp"

#include <doctest/doctest.h>

namespace patchmill {
namespace {

using Views = std::vector<std::string_view>;

TEST_CASE("trim, to_lower, iequals, istarts_with: ASCII only") {
  CHECK(trim(" \t\r\n a b \v\f ") == "a b");
  CHECK(trim(" \n ").empty());
  CHECK(to_lower("ÄBC-Z") == "Äbc-z");
  CHECK(iequals("Signed-Off-By", "signed-off-by"));
  CHECK_FALSE(iequals("a", "ab"));
  CHECK_FALSE(iequals("@", "`"));
  CHECK(istarts_with("RE: x", "re:"));
  CHECK_FALSE(istarts_with("R", "re:"));
}

TEST_CASE("split, split_lines, join: empty pieces stay, a last newline makes no line") {
  CHECK(split("a,,b,", ',') == Views{"a", "", "b", ""});
  CHECK(split("", ',') == Views{""});
  CHECK(split_lines("").empty());
  CHECK(split_lines("a\r\n\nb") == Views{"a\r", "", "b"});
  CHECK(split_lines("a\n") == Views{"a"});
  const std::vector<std::string> parts = {"a", "", "c"};
  CHECK(join(parts, ", ") == "a, , c");
  CHECK(join({}, ", ").empty());
}

TEST_CASE("collapse_whitespace: runs become one space") {
  CHECK(collapse_whitespace("a \t\r\n b") == "a b");
  CHECK(collapse_whitespace("  a ") == " a ");
}

TEST_CASE("count_of: one is one, and anything else many") {
  CHECK(count_of(1, "error") == "1 error");
  CHECK(count_of(0, "error") == "0 errors");
  CHECK(count_of(2, "patch", "patches") == "2 patches");
  CHECK(count_of(1, "patch", "patches") == "1 patch");
}

TEST_CASE("edit_distance: insertions, deletions, changes and neighbours swapped cost one") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("timeout", "timeout") == 0);
  CHECK(edit_distance("timeuot", "timeout") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("ca", "abc") == 3);  // restricted: a swapped pair is not edited again
}

TEST_CASE("nearest_name: slips are found, anything else is not") {
  const std::vector<std::string> names = {"timeout", "command", "trees", "x"};
  CHECK(nearest_name("tiemout", names) == "timeout");
  CHECK(nearest_name("TREE", names) == "trees");
  CHECK(nearest_name("comand", names) == "command");
  CHECK_FALSE(nearest_name("banana", names).has_value());
  CHECK_FALSE(nearest_name("", names).has_value());
  CHECK_FALSE(nearest_name(std::string(100'000, 't'), names).has_value());
}

TEST_CASE("parse_uint: whole numbers that fit, and nothing else") {
  CHECK(parse_uint("0") == 0);
  CHECK(parse_uint("18446744073709551615") == 18446744073709551615u);
  for (const auto* bad :
       {"", "18446744073709551616", "99999999999999999999", "-1", "+1", " 1", "1 ", "0x1", "1.0"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_uint(bad).has_value());
  }
}

TEST_CASE("parse_duration_seconds: units, and no overflow") {
  CHECK(parse_duration_seconds("90") == 90);
  CHECK(parse_duration_seconds("90s") == 90);
  CHECK(parse_duration_seconds("5m") == 300);
  CHECK(parse_duration_seconds("2h") == 7200);
  CHECK(parse_duration_seconds("1d") == 86400);
  for (const auto* bad : {"", "m", "1w", "-1s", "1 m", "18446744073709551615h", "1h30m"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration_seconds(bad).has_value());
  }
}

TEST_CASE("joined_lines: what a program printed is one line") {
  CHECK(joined_lines("fatal: no\r\n\n  try again\n") == "fatal: no; try again");
  CHECK(joined_lines("\n \n").empty());
}

TEST_CASE("parse_size_bytes: units, and no overflow") {
  CHECK(parse_size_bytes("4096") == 4096);
  CHECK(parse_size_bytes("64k") == 65536);
  CHECK(parse_size_bytes("256M") == 268435456);
  CHECK(parse_size_bytes("2G") == 2147483648);
  for (const auto* bad : {"", "G", "1T", "1KB", "18446744073709551615k"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_size_bytes(bad).has_value());
  }
}

}  // namespace
}  // namespace patchmill
