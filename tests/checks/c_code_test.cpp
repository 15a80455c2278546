#include "checks/c_code.hpp"

#include "checks/deprecated_api.hpp"
#include "checks/fixture.hpp"
#include "util/text.hpp"

#include <fstream>

using namespace patchmill::checks;
using namespace patchmill::checks::testing;

namespace {

CheckOutcome inlines(const std::string& diff) {
  TestSeries series;
  series.add("x: y", "Why.\n", diff);
  return run_check("new-inline", series);
}

CheckOutcome deprecated(const std::string& diff, const Settings& settings = {}) {
  TestSeries series;
  series.add("x: y", "Why.\n", diff);
  return run_check("deprecated-api", series, settings);
}

}  // namespace

TEST_CASE("checks::CodeLines: comments and strings are blanked, across lines") {
  CodeLines code;
  CHECK(code.code_of("int a; /* inline */ int b;") == "int a;              int b;");
  CHECK(code.code_of("x; // inline") == "x;          ");
  CHECK(code.code_of("s = \"/* inline\"; y") == "s = \"         \"; y");
  CHECK(code.code_of("c = '\\''; inline") == "c = '  '; inline");
  CHECK(code.code_of("a /* starts") == "a          ");
  CHECK(code.code_of("inline") == "      ");
  CHECK(code.code_of("ends */ inline") == "        inline");
  CHECK(code.code_of("\"open \\").size() == 7);
  CHECK(code.code_of("open inline\"") == "           \"");
  CHECK(CodeLines::starts_in_comment(" text\n more */\n code"));
  CHECK(CodeLines::starts_in_comment(" * a\n * b\n *\n"));
  CHECK_FALSE(CodeLines::starts_in_comment("/* a */\n"));
  CHECK_FALSE(CodeLines::starts_in_comment("*p = 1;\ncode\n"));
}

TEST_CASE("checks::CodeLines: what a backslash joins") {
  const auto last = [](const std::vector<std::string>& lines, bool joins = true) {
    CodeLines code(false, joins);
    std::string text;
    for (const std::string& line : lines) {
      text = code.code_of(line);
    }
    return std::string(patchmill::trim(text));
  };
  CHECK(last({"s = \"a \\", "inline\" b"}) == "\" b");
  CHECK(last({"s = \"a \\\r", "inline\" b\r"}) == "\" b");
  CHECK(last({"s = \"a \\", "inline \\", "inline\"; b"}) == "\"; b");
  CHECK(last({"s = \"a /* \\", "\" inline"}) == "\" inline");
  CHECK(last({"s = \"a\" \\", "inline b"}) == "inline b");
  CHECK(last({"// a \\", "inline \\", "inline"}).empty());
  CHECK(last({"// a \\", "inline", "inline b"}) == "inline b");
  CHECK(last({"// C:\\", "inline b"}, false) == "inline b");
  // An apostrophe of prose, or a string that nobody closed, ends with its line.
  CHECK(last({"#error don't", "inline b"}) == "inline b");
  CHECK(last({"s = \"a", "inline b"}) == "inline b");
  CHECK(last({"/* a \\", "inline */ b \\", "c"}) == "c");
}

TEST_CASE("checks::count_pattern: nothing of a word may stand before") {
  CHECK(count_pattern("dev_hold(dev); xdev_hold(dev);", "dev_hold(") == 1);
  CHECK(count_pattern("module_param_cb(x)", "module_param") == 1);
  CHECK(count_pattern("MODULE_PARAM(x)", "module_param") == 1);
  CHECK(count_pattern("x", "") == 0);
  CHECK(has_word("static inline int", "inline"));
  CHECK(has_word("inline", "inline"));
  CHECK_FALSE(has_word("__inline noinline inline_x", "inline"));
}

TEST_CASE("checks::make_new_inline: none, moved, more, fewer") {
  CHECK(inlines(change("a.c", {" a", "+static int f(void)", " b"})).verdict == Verdict::pass);
  const auto added = inlines(change("a.c", {" a", "+static inline int f(void)", " b"}));
  CHECK(added.verdict == Verdict::fail);
  CHECK(added.findings.at(0).line == 11);
  CHECK(added.summary == "`inline` in .c files: was 0, now 1");
  CHECK(
      inlines(change("a.c", {"-static inline int f(void)", "+static inline int f(int)"})).verdict ==
      Verdict::warning);
  CHECK(inlines(change("a.c", {"-inline a", "-inline b", "+inline c"})).verdict == Verdict::fail);
  CHECK(inlines(change("a.c", {"-inline a", "+b"})).verdict == Verdict::pass);
  CHECK(inlines(change("a.h", {" a", "+static inline int f(void)"})).verdict == Verdict::pass);
  CHECK(inlines(change("a.cc", {" a", "+static inline int f(void)"})).verdict == Verdict::pass);
}

TEST_CASE("checks::make_new_inline: comments and strings are no code") {
  CHECK(inlines(change("a.c", {" a", "+/* an inline thing */", " b"})).verdict == Verdict::pass);
  CHECK(inlines(change("a.c", {" a", "+ * see inline below", "+ */", " b"})).verdict ==
        Verdict::pass);
  CHECK(inlines(change("a.c", {" /*", "+ * inline", "  */", " b"})).verdict == Verdict::pass);
  CHECK(inlines(change("a.c", {" a", "+x(\"inline\");", " b"})).verdict == Verdict::pass);
  CHECK(inlines(change("a.c", {" a", "+/* x */ inline int f(void)", " b"})).verdict ==
        Verdict::fail);
  CHECK(inlines(change("a.c", {" a", "+*p = inline_data;", " b"})).verdict == Verdict::pass);
}

TEST_CASE("checks::make_new_inline: what is in a string or comment that spans lines is no code") {
  CHECK(
      inlines(change("a.c", {" a", "+#define HELP \"do not \\", "+inline this\"", " b"})).verdict ==
      Verdict::pass);
  CHECK(inlines(change("a.c", {" // a \\", "+inline", " b"})).verdict == Verdict::pass);
  CHECK(inlines(change("a.c", {" a(\"x \\", "+y\"); inline int f(void)", " b"})).verdict ==
        Verdict::fail);
  std::string link = new_file("a.c", {"../inline/b.c"});
  CHECK(inlines(link).verdict == Verdict::fail);
  link.replace(link.find("100644"), 6, "120000");
  CHECK(inlines(link).verdict == Verdict::pass);
}

TEST_CASE("checks::make_new_inline: what a hunk begins in is read from the file") {
  std::string prose;
  for (int i = 0; i < 20; ++i) {
    prose += "Line " + std::to_string(i) + " of a long comment.\n";
  }
  const std::string front = "/*\n" + prose;
  const std::string back = prose + "*/\nint a;\n";
  TestRepo repo;
  repo.commit({{"a.c", front + back}, {"b.c", front + "*/\nint c;\n" + prose}});
  TestSeries series;
  repo.patch(series, {{"a.c", front + "Nothing inline here.\n" + back}});
  const auto verdict = [&](patchmill::git::Repository* repository) {
    return run_check("new-inline", series, {}, repository).verdict;
  };
  CHECK(verdict(&repo.repository()) == Verdict::pass);
  CHECK(verdict(nullptr) == Verdict::fail);
  CHECK(run_check("new-inline", series, {}, &repo.repository()).findings.empty());

  // The commit that cannot be read is no reason to stop.
  auto& patch = series.view.patches[0];
  const std::string commit = std::exchange(patch.commit, std::string(40, '1'));
  CHECK(verdict(&repo.repository()) == Verdict::fail);
  patch.commit = commit;

  TestSeries code;
  repo.patch(code, {{"b.c", front + "*/\nint c;\n" + prose + "inline int d;\n"}});
  CHECK(run_check("new-inline", code, {}, &repo.repository()).verdict == Verdict::fail);
}

TEST_CASE("checks::make_deprecated_api: counted before and after") {
  CHECK(deprecated(change("net/a.c", {" a", "+x = 1;"})).verdict == Verdict::pass);
  const auto more = deprecated(change("drivers/net/a.c", {" a", "+module_param(x, int, 0);"}));
  CHECK(more.verdict == Verdict::fail);
  CHECK(more.summary == "'module_param' was: 0 now: 1");
  // As many as before: an error only warns, a warning says nothing.
  CHECK(deprecated(
            change("drivers/net/a.c", {"-module_param(x, int, 0);", "+module_param(x, uint, 0);"}))
            .verdict == Verdict::warning);
  CHECK(deprecated(change("drivers/net/a.c", {"-module_param(x, int, 0);", "+y"})).verdict ==
        Verdict::pass);
  CHECK(deprecated(change("net/a.c", {"-dev_hold(a);", "+dev_hold(b);"})).verdict == Verdict::pass);
  CHECK(deprecated(change("net/a.c", {" a", "+\tdev_hold(b);"})).verdict == Verdict::warning);
  CHECK(deprecated(change("net/a.c", {" a", "+dev_hold(b);"})).verdict == Verdict::warning);
  CHECK(deprecated(change("net/a.c", {" a", "+netdev_dev_hold(b);"})).verdict == Verdict::pass);
  CHECK(deprecated(change("fs/a.c", {" a", "+\tp = __free(x);"})).verdict == Verdict::pass);
  CHECK(deprecated(change("drivers/net/a.c", {" a", "+\tp = __free(x);"})).verdict ==
        Verdict::warning);
  CHECK(deprecated(change("fs/a.c", {" a", "+/* never strcpy(a, b) */"})).verdict == Verdict::pass);
}

TEST_CASE("checks::make_deprecated_api: a table of one's own") {
  const patchmill::TempDir folder("patchmill-table");
  const auto path = folder.path() / "rules.txt";
  std::ofstream(path) << "# mine\nerror | eval( | *.py tools/* | never\n";
  const Settings own = {{"table", path.string()}};
  CHECK(deprecated(change("x/a.py", {" a", "+eval(x)"}), own).verdict == Verdict::fail);
  CHECK(deprecated(change("net/a.c", {" a", "+dev_hold(b);"}), own).verdict == Verdict::pass);
  std::ofstream(path) << "fatal | eval( | * | never\n";
  const auto broken = deprecated(change("a.py", {" a", "+eval(x)"}), own);
  CHECK(broken.verdict == Verdict::incomplete);
  CHECK(broken.summary.find("line 1") != std::string::npos);
  CHECK(deprecated(change("a.py", {" a", "+eval(x)"}), {{"table", "/nonexistent"}}).verdict ==
        Verdict::incomplete);
}

TEST_CASE("checks::parse_deprecated_rules: the table that comes along is sound") {
  CHECK(built_in_deprecated_rules().size() >= 15);
  for (const DeprecatedRule& rule : built_in_deprecated_rules()) {
    CAPTURE(rule.pattern);
    CHECK_FALSE(rule.advice.empty());
    CHECK(rule.pattern.find(' ') == std::string::npos);
  }
  CHECK_FALSE(parse_deprecated_rules("warning | x | *").has_value());
  CHECK_FALSE(parse_deprecated_rules("warning |  | * | y").has_value());
  CHECK_FALSE(parse_deprecated_rules("warning | x |  | y").has_value());
}
