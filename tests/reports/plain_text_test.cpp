#include "reports/plain_text.hpp"

#include "util/text.hpp"

#include <doctest/doctest.h>

namespace patchmill::reports {
namespace {

TEST_CASE("reports::wrap_body: at blanks, under the first word") {
  CHECK(wrap_body("one two three four five", 12) == "one two\nthree four\nfive\n");
  CHECK(wrap_body("* one two three four", 12) == "* one two\n  three four\n");
  CHECK(wrap_body("  indented words go on here", 14) == "  indented\n  words go on\n  here\n");
  CHECK(wrap_body(std::string(30, 'x'), 10) == std::string(30, 'x') + "\n");
  CHECK(wrap_body(">> drivers/a.c:1: a long line that was found somewhere", 20) ==
        ">> drivers/a.c:1: a long line that was found somewhere\n");
  CHECK(wrap_body("    make -j some command that stays", 20) ==
        "    make -j some command that stays\n");
}

TEST_CASE("reports::wrap_body: empty lines and blanks at line ends") {
  CHECK(wrap_body("\n\na  \n\n\n\nb\t\r\n\n-- \nfooter\n\n\n") == "a\n\nb\n\n-- \nfooter\n");
  CHECK(wrap_body("").empty());
  CHECK(wrap_body("\n \n\t\n").empty());
}

TEST_CASE("reports::wrap_body: no wrapped line starts with what programs obey") {
  for (const char* word : {"Reviewed-by:", "pw-bot:", "#syz", "diff", "From", "---", ">quoted",
                           "/command", "@@", "Fixes:", "-- ", "Closes:"}) {
    const std::string text = "some words that come before it " + std::string(word) +
                             " Evil <evil@example.org> and more after it to wrap again";
    for (std::size_t columns = 12; columns < 60; ++columns) {
      const std::string wrapped = wrap_body(text, columns);
      for (const auto line : split_lines(wrapped)) {
        const auto first = trim(line).substr(0, trim(line).find(' '));
        const std::string whole(line);
        CAPTURE(whole);
        CAPTURE(columns);
        CHECK_FALSE(means_something(first));
      }
    }
  }
}

TEST_CASE("reports::wrap_body: nothing gets lost") {
  const std::string text = "a bb ccc Reviewed-by: dddd e: f: g: hh iii #x #y zzzz";
  for (std::size_t columns = 1; columns < 60; ++columns) {
    const std::string wrapped = wrap_body(text, columns);
    CHECK(collapse_whitespace(trim(wrapped)) == text);
  }
}

TEST_CASE("reports::display_width: wide and combining characters") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("größe") == 5);
  CHECK(display_width("漢字") == 4);
  CHECK(display_width("e\u0301") == 1);
  CHECK(display_width("😀") == 2);
  CHECK(wrap_body("漢字 漢字 漢字", 9) == "漢字 漢字\n漢字\n");
}

}  // namespace
}  // namespace patchmill::reports
