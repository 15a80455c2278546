#include "checks/code_side.hpp"

#include "checks/diff_lines.hpp"
#include "checks/fixture.hpp"

using namespace patchmill::checks;
using namespace patchmill::checks::testing;

namespace {

using Which = CodeSide::Which;

// Whether the first line of the first hunk is read as part of a comment.
bool begins_in_comment(const std::string& diff, Which which,
                       const std::optional<std::string>& text) {
  const auto files = patchmill::mail::parse_diff(diff);
  REQUIRE(files.has_value());
  CodeSide side(which, text, true);
  return side.at(files->front().hunks.front()).code_of("word") != "word";
}

std::string lines(int count, const std::string& line) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += line + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("checks::CodeSide: the file says what a hunk begins in") {
  const std::string diff = change("a.c", {" one", "-two", "+three"});
  const std::string in_comment = "/*\n" + lines(8, "prose") + "one\n";
  CHECK(begins_in_comment(diff, Which::before, in_comment + "two\n*/\n"));
  CHECK(begins_in_comment(diff, Which::after, in_comment + "three\n*/\n"));
  CHECK_FALSE(begins_in_comment(diff, Which::before, lines(9, "code;") + "one\ntwo\n"));
  // Another file than the one the patch was made of tells nothing.
  CHECK_FALSE(begins_in_comment(diff, Which::before, in_comment + "three\n*/\n"));
  CHECK_FALSE(begins_in_comment(diff, Which::before, std::nullopt));
  CHECK_FALSE(begins_in_comment(diff, Which::before, ""));
  CHECK(begins_in_comment(diff, Which::before, in_comment + "two\r\n*/\n"));
  // A string, too.
  CHECK(begins_in_comment(diff, Which::before, lines(8, "x") + "s = \"a \\\none\ntwo\n"));
}

TEST_CASE("checks::CodeSide: the nearest place counts where a patch applied with an offset") {
  const std::string diff = change("a.c", {" one", "-two"});
  const std::string part = "one\ntwo\n";
  CHECK(begins_in_comment(diff, Which::before, "/*\n" + lines(30, "prose") + part + "*/\n"));
  CHECK(begins_in_comment(diff, Which::before, "/*\n" + part + "*/\n"));
  CHECK(begins_in_comment(diff, Which::before,
                          lines(5, "x") + "/*\n" + part + "*/\n" + lines(40, "x") + part));
  CHECK_FALSE(begins_in_comment(diff, Which::before,
                                lines(12, "x") + part + lines(20, "x") + "/*\n" + part + "*/\n"));
}

TEST_CASE("checks::CodeSide: what begins at the top begins in code") {
  const std::string diff = new_file("a.c", {"glob(\"*/a\");"});
  CHECK_FALSE(begins_in_comment(diff, Which::after, std::nullopt));
  CHECK(begins_in_comment(change("a.c", {" a", "+b */"}), Which::after, std::nullopt));
}

TEST_CASE("checks::CodeSide: equal lines without end are bounded") {
  std::vector<std::string> hunk(5000, " a");
  hunk.push_back("+b");
  std::string diff = change("a.c", hunk);
  const auto files = patchmill::mail::parse_diff(diff);
  REQUIRE(files.has_value());
  const std::string text = lines(200'000, "a");
  CodeSide side(Which::after, text, true);
  for (int i = 0; i < 20; ++i) {
    CHECK(side.at(files->front().hunks.front()).code_of("word") == "word");
  }
}
