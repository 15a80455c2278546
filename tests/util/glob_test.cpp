#include "util/text.hpp"

#include <doctest/doctest.h>

namespace patchmill {
namespace {

TEST_CASE("glob_match: the shell's wildcards, crossing slashes") {
  CHECK(glob_match("drivers/net/*", "drivers/net/ethernet/x.c"));
  CHECK(glob_match("*.c", "a/b.c"));
  CHECK(glob_match("a?c", "abc"));
  CHECK(glob_match("*", ""));
  CHECK(glob_match("a*b*c", "axxbyyc"));
  CHECK(glob_match("**", "x/y"));
  CHECK_FALSE(glob_match("a*b", "abc"));
  CHECK_FALSE(glob_match("", "a"));
  CHECK_FALSE(glob_match("?", ""));
}

TEST_CASE("glob_match: brackets and backslashes") {
  CHECK(glob_match("[a-c]x", "bx"));
  CHECK_FALSE(glob_match("[a-c]x", "dx"));
  CHECK(glob_match("[!a-c]x", "dx"));
  CHECK(glob_match("[^a]", "b"));
  CHECK(glob_match("[]]", "]"));
  CHECK(glob_match("[a-]", "-"));
  CHECK(glob_match("[a", "[a"));  // never closed: the bracket is itself
  CHECK(glob_match("\\*", "*"));
  CHECK_FALSE(glob_match("\\*", "x"));
  CHECK(glob_match("a\\", "a\\"));
}

TEST_CASE("glob_match: many stars do not explode") {
  std::string pattern;
  for (int i = 0; i < 200; ++i) {
    pattern += "a*";
  }
  CHECK_FALSE(glob_match(pattern + "b", std::string(5000, 'a')));
}

}  // namespace
}  // namespace patchmill
