#include "store/placeholders.hpp"

#include <doctest/doctest.h>

namespace patchmill::store::detail {
namespace {

TEST_CASE("store::detail::number_placeholders: counts from one") {
  CHECK(number_placeholders("SELECT ?, ? WHERE a=?") == "SELECT $1, $2 WHERE a=$3");
  CHECK(number_placeholders("").empty());
  CHECK(number_placeholders("SELECT 1") == "SELECT 1");
}

TEST_CASE("store::detail::number_placeholders: skips what is not code") {
  const auto same = [](const std::string& opaque) {
    CAPTURE(opaque);
    CHECK(number_placeholders(opaque + " ?") == opaque + " $1");
  };
  same("'a?b'");
  same("'it''s ?'");
  same("'back\\'");  // standard strings know no backslash escapes
  same("E'quote \\' ? \\\\'");
  same("e'?'");
  same("\"col?\"");
  same("\"a\"\"?\"");
  same("-- why?\n");
  same("/* a? /* b? */ c? */");
  same("$$ ? ' ? $$");
  same("$tag$ ? $$ ? $tag$");
  same("/* ' */");
  same("a/b - c * d");
}

TEST_CASE("store::detail::number_placeholders: what only looks opaque") {
  CHECK(number_placeholders("name'?'?") == "name'?'$1");
  CHECK(number_placeholders("typE'\\' = ?") == "typE'\\' = $1");
  CHECK(number_placeholders("a$$?") == "a$$$1");
  CHECK(number_placeholders("$1x$ ?") == "$1x$ $1");
  CHECK(number_placeholders("1-?-2") == "1-$1-2");
}

TEST_CASE("store::detail::number_placeholders: unclosed tokens end with the text") {
  for (const auto* sql :
       {"'?", "\"?", "/*?", "/* /* ? */", "$$?", "$a$ ? $$", "--?", "E'\\", "$"}) {
    CAPTURE(sql);
    CHECK(number_placeholders(sql) == sql);
  }
}

}  // namespace
}  // namespace patchmill::store::detail
