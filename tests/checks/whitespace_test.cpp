#include "checks/fixture.hpp"

using namespace patchmill::checks;
using namespace patchmill::checks::testing;

namespace {

CheckOutcome white(const std::string& diff, const Settings& settings = {}) {
  TestSeries series;
  series.add("x: y", "Why.\n", diff);
  return run_check("whitespace", series, settings);
}

}  // namespace

TEST_CASE("checks::make_whitespace: clean lines, context and removed lines") {
  CHECK(white(change("a.c", {" context ", "-\told ", "+\tnew", " end"})).verdict == Verdict::pass);
  CHECK(white("").verdict == Verdict::pass);
}

TEST_CASE("checks::make_whitespace: each fault with its line") {
  const auto trailing = white(change("a.c", {" a", "+b ", "+c\t", " d"}));
  CHECK(trailing.verdict == Verdict::warning);
  REQUIRE(trailing.findings.size() == 2);
  CHECK(trailing.findings[0].file == "a.c");
  CHECK(trailing.findings[0].line == 11);
  CHECK(trailing.findings[1].line == 12);
  CHECK(rules(white(change("a.c", {" a", "+ \tb", " d"}))) == "space-before-tab");
  CHECK(white(change("a.c", {" a", "+b \tc", " d"})).verdict == Verdict::pass);
  CHECK(rules(white(change("a.c", {" a", " b", "+c", "+"}))) == "blank-at-eof");
  CHECK(white(change("a.c", {" a", "+", " b"})).verdict == Verdict::pass);
  CHECK(rules(white(new_file("a.c", {"a", ""}))) == "blank-at-eof");
  CHECK(rules(white(change("a.c", {" a", " b", "+c", "\\ No newline at end of file"}))) ==
        "no-newline");
  std::string link =
      "diff --git a/link b/link\nnew file mode 100644\nindex 0000000..1111111\n--- /dev/null\n"
      "+++ b/link\n@@ -0,0 +1 @@\n+target\n\\ No newline at end of file\n";
  CHECK(rules(white(link)) == "no-newline");
  link.replace(link.find("100644"), 6, "120000");
  CHECK(white(link).verdict == Verdict::pass);
  CHECK(white(change("a.c", {" a", "+b ", " d"}), {{"strict", "true"}}).verdict == Verdict::fail);
}

TEST_CASE("checks::make_whitespace: merge conflict markers fail, title lines do not") {
  CHECK(white(change("a.c", {" a", "+<<<<<<< HEAD", "+x", "+=======", "+y", "+>>>>>>> b", " c"}))
            .verdict == Verdict::fail);
  CHECK(white(change("a.rst", {" a", "+Title", "+=======", " c"})).verdict == Verdict::pass);
  CHECK(white(change("a.c", {" a", "+<<<<<<<<<< wide", " c"})).verdict == Verdict::pass);
}

TEST_CASE("checks::make_whitespace: CRLF in an LF file fails, a new CRLF file warns") {
  CHECK(white(change("a.c", {" a", "+b\r", " c"})).verdict == Verdict::fail);
  CHECK(rules(white(change("a.c", {" a", "+b\r", " c"}))) == "crlf");
  CHECK(white(change("a.c", {" a\r", "+b\r", " c\r"})).verdict == Verdict::pass);
  CHECK(white(new_file("a.c", {"a\r", "b\r"})).verdict == Verdict::warning);
  CHECK(white(new_file("a.bat", {"a\r", "b\r"})).verdict == Verdict::pass);
  CHECK(white(new_file("a.c", {"a\r", "b"})).verdict == Verdict::fail);
}

TEST_CASE("checks::make_whitespace: patches and Markdown line breaks are left alone") {
  CHECK(white(new_file("x.patch", {" ", "+a ", "<<<<<<< HEAD"})).verdict == Verdict::pass);
  CHECK(white(new_file("x.md", {"line  ", "next"})).verdict == Verdict::pass);
  CHECK(white(new_file("x.md", {"line   ", "next"})).verdict == Verdict::warning);
  CHECK(white(new_file("x.txt", {"a "}), {{"exempt", "*.txt"}}).verdict == Verdict::pass);
}

TEST_CASE("checks::make_whitespace: a flood in one file is bounded") {
  std::vector<std::string> lines(5000, "x ");
  const auto outcome = white(new_file("a.c", lines));
  CHECK(outcome.verdict == Verdict::warning);
  CHECK(outcome.findings.size() == 21);
  CHECK(outcome.findings.back().rule == "more");
}
