#include "checks/fixes_line.hpp"
#include "checks/fixture.hpp"

using namespace patchmill::checks;
using namespace patchmill::checks::testing;

namespace {

const std::string k_sign = "Signed-off-by: Ann Author <ann@example.org>\n";

}  // namespace

TEST_CASE("checks::parse_fixes: the forms people write") {
  const auto good = parse_fixes("0123456789ab (\"net: foo: (bar) \"baz\"\")");
  CHECK(good.id == "0123456789ab");
  CHECK(good.subject == "net: foo: (bar) \"baz\"");
  CHECK(good.problems.empty());
  CHECK(parse_fixes("0123456789ab ('x: y')").subject == "x: y");
  CHECK(parse_fixes("0123456789ab (\u201cx: y\u201d)").subject == "x: y");
  CHECK(parse_fixes("0123456789ab (\"x: y\") # v6.1").subject == "x: y");
  CHECK(parse_fixes("0123456789ab x: y").problems.empty());

  const auto problems = [](std::string_view value) {
    std::string text;
    for (const auto& problem : parse_fixes(value).problems) {
      text += problem + ";";
    }
    return text;
  };
  CHECK(problems("commit 0123456789ab (\"x\")") == "leading word 'commit' unexpected;");
  CHECK(problems("0123456 (\"x\")").find("12 digits") != std::string::npos);
  CHECK(problems("0123456789ab") == "the subject of the commit is missing;");
  CHECK(problems("0123456789ab(\"x\")").find("space is missing") != std::string::npos);
  CHECK(problems("0123456789ab (\"x\"").find("parenthesis") != std::string::npos);
  CHECK(problems("0123456789ab (\"x)").find("quote") != std::string::npos);
  CHECK(problems("abcd (\"x\")") == "no commit id recognised;");
  CHECK(problems("") == "no commit id recognised;");
  CHECK(problems("https://example.org/bug/1") == "no commit id recognised;");
  CHECK(problems("0123456789ab )(") != "crash");
  CHECK(problems("0123456789ab (\")") != "crash");
  CHECK(problems("0123456789ab (") != "crash");
}

TEST_CASE("checks::parse_fixes: a subject of nothing is none") {
  for (const char* none : {"()", "( )", "(\"\")", "(\" \")", "('')", "\"\"", "(\"...\")", "(...)",
                           "...", "(\"... ...\")", "(\u201c\u201d)"}) {
    CAPTURE(none);
    const auto line = parse_fixes(std::string("0123456789ab ") + none);
    CHECK(line.subject.empty());
    CHECK(line.problems == std::vector<std::string>{"the subject of the commit is missing"});
  }
}

TEST_CASE("checks::parse_fixes: nothing stands behind the subject") {
  const auto behind = [](const std::string& text) {
    return std::vector<std::string>{"nothing may stand behind the subject, but '" + text +
                                    "' does"};
  };
  const struct {
    std::string value, subject, behind;
  } cases[] = {
      {"(\"net: base\") in mainline", "net: base", "in mainline"},
      {"(\"net: base\") # v5.10", "net: base", "# v5.10"},
      {"(\"net: base\").", "net: base", "."},
      {"(\"net: base\") (v5.10)", "net: base", "(v5.10)"},
      {"(\"net: a(\"b\") c\") # v5.10", "net: a(\"b\") c", "# v5.10"},
      {"('net: base') # v5.10", "net: base", "# v5.10"},
      {"(\u201cnet: base\u201d) # v5.10", "net: base", "# v5.10"},
      {"(net: base()) # v5.10", "net: base()", "# v5.10"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.value);
    const auto line = parse_fixes("0123456789ab " + one.value);
    CHECK(line.subject == one.subject);
    CHECK(line.problems == behind(one.behind));
  }
  for (const char* good : {"(\"net: a() and b()\")", "(\"net: (a) b\")", "(net: a (b) c)",
                           "(\"net: a(\"b\") c\")", "(\"net: a :)\")", "(net: a :))"}) {
    CAPTURE(good);
    CHECK(parse_fixes(std::string("0123456789ab ") + good).problems.empty());
  }
  // What is not closed has nothing behind it.
  const auto open = parse_fixes("0123456789ab (\"net: a (b) c");
  CHECK(open.subject == "net: a (b) c");
  CHECK(open.problems.size() == 2);
  CHECK(parse_fixes("0123456789ab (net: a (b) c").subject == "net: a (b) c");
}

TEST_CASE("checks::match_subject: ellipses at the end, the front and in the middle") {
  const std::string_view target = "net: foo: keep the clock running";
  CHECK(match_subject(target, target) == SubjectMatch::equal);
  CHECK(match_subject("net: foo: keep ...", target) == SubjectMatch::equal);
  CHECK(match_subject("net: foo: keep...", target) == SubjectMatch::equal);
  CHECK(match_subject("...clock running", target) == SubjectMatch::equal);
  CHECK(match_subject("net: foo: ... running", target) == SubjectMatch::equal);
  CHECK(match_subject("net: foo: keep", target) == SubjectMatch::beginning);
  CHECK(match_subject("net: foo: Keep the clock running", target) == SubjectMatch::different);
  CHECK(match_subject("net: foo: keep the clock running on", target) == SubjectMatch::different);
  CHECK(match_subject("bar: ... running", target) == SubjectMatch::different);
  CHECK(match_subject("net: foo: keep the clock running ... net: foo: keep", target) ==
        SubjectMatch::different);
  CHECK(match_subject("", target) == SubjectMatch::different);
  CHECK(match_subject("...", target) == SubjectMatch::different);
  CHECK(match_subject("... ...", target) == SubjectMatch::different);
}

TEST_CASE("checks::make_fixes_tag: against the history of the tree") {
  TestRepo repo;
  const std::string target = repo.commit({{"a.c", "1\n"}}, "foo: add a thing");
  const std::string id = target.substr(0, 12);
  repo.git({"checkout", "-q", "-b", "side", "HEAD^"});
  const std::string side = repo.commit({{"b.c", "1\n"}}, "foo: add elsewhere");
  repo.git({"checkout", "-q", "main"});
  const auto with = [&](const std::string& tags, const Settings& settings = {}) {
    TestSeries series;
    auto& patch = series.add("foo: mend it", "Why.\n\n" + tags + k_sign);
    series.view.base = patch.parent = target;
    series.view.tree = "test";
    return run_check("fixes-tag", series, settings, &repo.repository());
  };
  CHECK(with("").verdict == Verdict::pass);
  CHECK(with("Fixes: " + id + " (\"foo: add a thing\")\n").verdict == Verdict::pass);
  CHECK(with("fixes: " + target + " (\"foo: add ...\")\n").verdict == Verdict::pass);
  CHECK(with("Fixes: " + id + " (\"foo: add\")\n").verdict == Verdict::pass);

  CHECK(rules(with("Fixes: " + id + " (\"foo: remove a thing\")\n")) == "subject");
  CHECK(rules(with("Fixes: 0123456789ab (\"foo: add a thing\")\n")) == "missing");
  CHECK(rules(with("Fixes: " + target.substr(0, 8) + " (\"foo: add a thing\")\n")) == "form");
  CHECK(rules(with("Fixes: " + side.substr(0, 12) + " (\"foo: add elsewhere\")\n")) == "ancestor");
  CHECK(
      with("Fixes: " + side.substr(0, 12) + " (\"foo: add elsewhere\")\n", {{"ancestor", "false"}})
          .verdict == Verdict::pass);
  for (const char* fault :
       {"(\"\")", "()", "(\"...\")", "...", "(\"foo: add a thing\") in mainline",
        "(\"foo: add a thing\") # v5.10"}) {
    CAPTURE(fault);
    CHECK(rules(with("Fixes: " + id + " " + fault + "\n")) == "form");
  }
  CHECK(rules(with("Fixes: " + id + " (\"foo: add a thing\")\n\n")) == "blank-lines");
  CHECK(rules(with("Fixes: " + id + " (\"foo: add\n a thing\")\n")).find("wrapped") !=
        std::string::npos);
  CHECK(rules(with("Fixes: #1234\n")) == "link");
  CHECK(rules(with("Fixes: https://example.org/bug/1\n")) == "link");
  CHECK(with("Fixes: #1234\n", {{"allow-links", "true"}}).verdict == Verdict::pass);
  // What a tag holds is never an option or a revision expression of git.
  CHECK(with("Fixes: --all (\"x\")\n").verdict == Verdict::fail);
  CHECK(with("Fixes: 00000000000000000000:HEAD (\"x\")\n").verdict == Verdict::fail);
  // A blob is no commit.
  std::string blob = repo.git({"rev-parse", "HEAD:a.c"});
  CHECK(rules(with("Fixes: " + blob.substr(0, 12) + " (\"foo: add a thing\")\n")) == "missing");
}

TEST_CASE("checks::make_fixes_tag: a blank line that splits the tags warns") {
  TestSeries series;
  series.add("x: y",
             "Why.\n\nReported-by: R <r@example.org>\nFixes: 0123456789ab (\"x: z\")\n\n" + k_sign);
  const auto outcome = run_check("fixes-tag", series);
  CHECK(outcome.verdict == Verdict::warning);
  CHECK(rules(outcome) == "blank-lines");
}

TEST_CASE("checks::make_fixes_tag: blank lines matter where they part it from other tags") {
  const auto rules_of = [](const std::string& body) {
    TestSeries series;
    series.add("x: y", body);
    return rules(run_check("fixes-tag", series));
  };
  const std::string tag = "Fixes: 0123456789ab (\"x: z\")\n";
  CHECK(rules_of("Why.\n\n" + tag).empty());
  CHECK(rules_of("Why.\n\n" + tag + "\n\n").empty());
  CHECK(rules_of(tag).empty());
  CHECK(rules_of("Why.\n\n" + tag + "\n" + k_sign) == "blank-lines");
  CHECK(rules_of("Why.\n\n" + tag + "\nProse.\n\n" + k_sign) == "blank-lines");
  CHECK(rules_of("Why.\n\n" + k_sign + "\n" + tag) == "blank-lines");
}

TEST_CASE("checks::make_fixes_tag: what cannot be known here is not the patch's fault") {
  TestSeries series;
  series.add("x: y", "Why.\n\nFixes: 0123456789ab (\"x: z\")\n" + k_sign);
  CHECK(run_check("fixes-tag", series).verdict == Verdict::skip);

  TestRepo origin;
  origin.commit({{"a.c", "1\n"}}, "x: z");
  origin.commit({{"a.c", "2\n"}}, "x: newer");
  const patchmill::TempDir folder("patchmill-shallow");
  origin.git({"clone", "-q", "--bare", "--depth=1", "file://" + origin.path().string(),
              (folder.path() / "shallow").string()});
  auto shallow = patchmill::git::Repository::open(folder.path() / "shallow");
  REQUIRE(shallow.has_value());
  series.view.base = series.view.patches[0].parent = origin.head();
  CHECK(run_check("fixes-tag", series, {}, shallow->get()).verdict == Verdict::incomplete);
  // A fault of form is one all the same.
  series.view.patches[0].text.body = "Fixes: 012345 (\"x: z\")\n" + k_sign;
  CHECK(run_check("fixes-tag", series, {}, shallow->get()).verdict == Verdict::fail);
}

TEST_CASE("checks::make_fixes_tag: floods are bounded") {
  std::string body;
  for (int i = 0; i < 5000; ++i) {
    body += "Fixes: 0123456789ab (\"x\")\n";
  }
  TestSeries series;
  series.add("x: y", body);
  CHECK(rules(run_check("fixes-tag", series)) == "too-many");
}

TEST_CASE("checks::make_fixes_present: trees of fixes, next trees, documentation") {
  TestSeries series;
  series.add("x: y", "Why.\n", change("a.c", {"+x"}));
  series.view.tree = "net";
  CHECK_FALSE(find_check("fixes-present")->on_by_default());
  CHECK(run_check("fixes-present", series).verdict == Verdict::fail);
  series.view.tree = "net-next";
  CHECK(run_check("fixes-present", series).verdict == Verdict::pass);
  series.view.tree = "net";
  // The author's tag does not turn a tree of fixes into another.
  series.view.tags = {"net-next"};
  CHECK(run_check("fixes-present", series).verdict == Verdict::fail);
  series.add("x: z", "Why.\n\nFixes: 0123456789ab (\"x\")\n", change("a.c", {"+y"}));
  CHECK(run_check("fixes-present", series).verdict == Verdict::pass);

  TestSeries docs;
  docs.view.tree = "net";
  docs.add("docs: y", "Why.\n", change("Documentation/a.rst", {"+x"}));
  CHECK(run_check("fixes-present", docs).verdict == Verdict::pass);
  docs.add("docs: y", "The word Fixes: in prose.\n", change("a.c", {"+x"}));
  CHECK(run_check("fixes-present", docs).verdict == Verdict::fail);
}
