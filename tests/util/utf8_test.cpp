#include "util/text.hpp"

#include <doctest/doctest.h>

namespace patchmill {
namespace {

TEST_CASE("is_valid_utf8: RFC 3629") {
  for (const auto* good : {"", "plain", "é", "€", "😀", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF",
                           "eight bytes and then é"}) {
    CAPTURE(good);
    CHECK(is_valid_utf8(good));
  }
  CHECK(is_valid_utf8(std::string_view("\0", 1)));
  for (const auto* bad :
       {"\x80", "\xC3", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE2\x82",
        "a long ascii start \xE9", "\xE2\x28\xA1"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_valid_utf8(bad));
  }
}

TEST_CASE("mend_utf8: the rest is windows-1252, NUL is replaced") {
  CHECK(mend_utf8("é is fine") == "é is fine");
  CHECK(mend_utf8("caf\xe9 \x80 \x93x\x94") == "café € “x”");
  CHECK(mend_utf8(std::string_view("a\0b", 3)) == "a\uFFFDb");
  CHECK(mend_utf8("\x81\x9d") == "\uFFFD\uFFFD");
  CHECK(mend_utf8("ok é, cut \xE2\x82") == "ok é, cut â‚");
  CHECK(mend_utf8("\xFF") == "ÿ");
}

TEST_CASE("mend_utf8: any bytes become valid, and valid text stays") {
  std::uint32_t state = 1;
  for (int round = 0; round < 500; ++round) {
    std::string bytes;
    for (int i = 0; i < 60; ++i) {
      state = state * 1664525u + 1013904223u;
      bytes.push_back(static_cast<char>(state >> 24));
    }
    const auto mended = mend_utf8(bytes);
    REQUIRE(is_valid_utf8(mended));
    REQUIRE(mended.find('\0') == std::string::npos);
    REQUIRE(mend_utf8(mended) == mended);
  }
}

TEST_CASE("ellipsize: never more than asked, never half a character") {
  CHECK(ellipsize("short", 5) == "short");
  CHECK(ellipsize("longer", 5) == "lo…");
  CHECK(ellipsize("ééé", 5) == "é…");
  CHECK(ellipsize("ééé", 4) == "…");
  CHECK(ellipsize("longer", 2).empty());
  CHECK(ellipsize("longer", 0).empty());
}

TEST_CASE("escape_terminal: nothing that moves the cursor or reorders text survives") {
  CHECK(escape_terminal("plain é 😀") == "plain é 😀");
  CHECK(escape_terminal("\x1b[31mred\x07") == "\\x1b[31mred\\x07");
  CHECK(escape_terminal("a\nb\tc\r") == "a\\x0ab\\x09c\\x0d");
  CHECK(escape_terminal("a\nb\tc\r", true) == "a\nb\tc\\x0d");
  CHECK(escape_terminal("\x7f") == "\\x7f");
  CHECK(escape_terminal("\u009b31m") == "\\u{009b}31m");
  CHECK(escape_terminal("\u202Egnp.exe") == "\\u{202e}gnp.exe");
  CHECK(escape_terminal("\u2066x\u2069\u061c\u200f") == "\\u{2066}x\\u{2069}\\u{061c}\\u{200f}");
  CHECK(escape_terminal(".g\u200cit \u00ad\u2060") == ".g\\u{200c}it \\u{00ad}\\u{2060}");
  CHECK(escape_terminal("\U000E0041") == "\\u{e0041}");
  CHECK(escape_terminal("caf\xe9") == "caf\\xe9");
  CHECK(escape_terminal(std::string_view("\0", 1)) == "\\x00");
}

}  // namespace
}  // namespace patchmill
