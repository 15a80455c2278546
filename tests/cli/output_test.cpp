#include "cli/output.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace patchmill;

TEST_CASE("cli::display_width: counts columns, not bytes") {
  CHECK(cli::display_width("abc") == 3);
  CHECK(cli::display_width("é") == 1);
  CHECK(cli::display_width("e\xCC\x81") == 1);
  CHECK(cli::display_width("漢字") == 4);
  CHECK(cli::display_width("") == 0);
  CHECK(cli::display_width("\xF0") == 1);
}

TEST_CASE("cli::escape_json_controls: what a terminal obeys is escaped, and stays the same value") {
  const std::string hostile =
      "a\xC2\x9B"
      "31m\x7F\xE2\x80\xAE\xE2\x81\xA6\xD8\x9C\xE2\x80\x8F é漢… \xC2\xA0\xE2\x80\xAF";
  const std::string plain = boost::json::serialize(boost::json::object{{"k", hostile}});
  const std::string escaped = cli::escape_json_controls(plain);
  CHECK(escaped ==
        "{\"k\":\"a\\u009b31m\\u007f\\u202e\\u2066\\u061c\\u200f é漢… \xC2\xA0\xE2\x80\xAF\"}");
  CHECK(boost::json::parse(escaped) == boost::json::parse(plain));
  CHECK(cli::escape_json_controls("\xC2").size() == 1);
  CHECK(cli::escape_json_controls("\xE2\x80") == "\xE2\x80");
  CHECK(cli::escape_json_controls("\x9B") == "\x9B");
  CHECK(cli::escape_json_controls("").empty());
}

TEST_CASE("cli::verdict_word: pads and colours only when asked") {
  CHECK(cli::verdict_word(findings::Verdict::fail, false, 6) == "fail  ");
  CHECK(cli::verdict_word(findings::Verdict::fail, true) == "\x1b[1;31mfail\x1b[0m");
}
