#include "cli/output.hpp"

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

TEST_CASE("cli::verdict_word: pads and colours only when asked") {
  CHECK(cli::verdict_word(findings::Verdict::fail, false, 6) == "fail  ");
  CHECK(cli::verdict_word(findings::Verdict::fail, true) == "\x1b[1;31mfail\x1b[0m");
}
