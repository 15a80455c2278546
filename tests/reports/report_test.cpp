#include "reports/report.hpp"

#include "reports/fixture.hpp"
#include "reports/render.hpp"

#include <doctest/doctest.h>

namespace patchmill::reports {
namespace {

using namespace test;
using pipeline::NodeKind;

NodeFindings node(const NodeSpec& spec, std::int64_t id = 7) {
  NodeFindings result;
  result.node.id = id;
  result.node.name = spec.name;
  result.node.kind = spec.kind;
  result.node.result = spec.verdict;
  result.node.summary = spec.summary;
  result.node.patch = spec.patch;
  result.node.tree = "net-next";
  result.findings = spec.findings;
  return result;
}

ReportInput input(const tracker::Series& series, std::vector<NodeFindings> nodes) {
  ReportInput in;
  in.series = &series;
  in.verdict.verdict = Verdict::fail;
  in.nodes = std::move(nodes);
  return in;
}

tracker::Series series() {
  tracker::Series result;
  result.number = 1;
  result.name = "net: count";
  result.version = 2;
  result.cover_msgid = "cover@example.org";
  result.submitter = {"Ann", "ann@example.org"};
  return result;
}

TEST_CASE("reports::class_of: configuration, own checks, kinds") {
  const ClassRules rules = {{"lse-*", CheckClass::test}, {"checkpatch", CheckClass::other}};
  CHECK(class_of(node({"lse-boot"}).node, rules) == CheckClass::test);
  CHECK(class_of(node({"checkpatch"}).node, rules) == CheckClass::other);
  CHECK(class_of(node({"checkpatch"}).node, {}) == CheckClass::style);
  CHECK(class_of(node({"signed-off-by"}).node, {}) == CheckClass::sign_off);
  CHECK(class_of(node({"x", NodeKind::kbuild}).node, {}) == CheckClass::build);
  CHECK(class_of(node({"x", NodeKind::test}).node, {}) == CheckClass::test);
  CHECK(class_of(node({"x", NodeKind::job}).node, {}) == CheckClass::other);
  for (int i = 0; i <= static_cast<int>(CheckClass::other); ++i) {
    const auto one = static_cast<CheckClass>(i);
    CHECK(check_class_from(to_string(one)) == one);
  }
}

TEST_CASE("reports::build_report: the worst first, ours never blamed on the patch") {
  const auto s = series();
  const Report report =
      build_report(input(s, {node({"style-job", NodeKind::job, Verdict::warning, "w"}),
                             node({"checkpatch", NodeKind::check, Verdict::fail, "2 errors"}),
                             node({"build", NodeKind::kbuild, Verdict::fail, "broken"}),
                             node({"boot", NodeKind::test, Verdict::incomplete, "the lab is away"}),
                             node({"unit", NodeKind::test, Verdict::skip, "not for this tree"}),
                             node({"whitespace", NodeKind::check, Verdict::pass, "fine", 1}),
                             node({"whitespace", NodeKind::check, Verdict::warning, "tabs", 2}),
                             node({"spdx", NodeKind::check, Verdict::pass})}));
  REQUIRE(report.entries.size() == 4);
  CHECK(report.entries[0].name == "build");
  CHECK(report.entries[1].name == "checkpatch");
  CHECK(report.entries[2].name == "whitespace");
  CHECK(report.entries[3].name == "style-job");
  // One patch of two passed whitespace: the check has not.
  CHECK(report.passed == std::vector<std::string>{"spdx"});
  REQUIRE(report.not_run.size() == 1);
  CHECK(report.not_run[0].first == "boot");
  CHECK(report.tests_total == 0);
  CHECK(report.main_class() == CheckClass::build);
  CHECK(template_for(report) == "report");
}

TEST_CASE("reports::build_report: bounded, clean, each line once") {
  const auto s = series();
  NodeSpec spec{"build", NodeKind::kbuild, Verdict::fail, std::string(100000, 'x') + "\r\nBcc: x"};
  for (int i = 0; i < 300; ++i) {
    spec.findings.push_back(finding("a.c", i / 2, fmt::format("problem \x1b[31m {}", i / 2)));
  }
  std::vector<NodeFindings> nodes(500, node(spec));
  const Report report = build_report(input(s, nodes));
  CHECK(report.entries.size() == 20);
  CHECK(report.entries[0].summary.size() <= 404);
  CHECK(report.entries[0].lines.size() == 10);
  CHECK(report.entries[0].more_lines == 140);
  CHECK(report.entries[0].lines[1].text == "a.c:1: error: problem [31m 1");
}

TEST_CASE("reports::build_report: fixed is what is gone although the same check ran again") {
  const auto s = series();
  const Finding gone = finding("a.c", 10, "gone");
  const Finding stays = finding("a.c", 20, "stays");
  Finding moved = stays;
  moved.line = 333;
  auto in = input(s, {node({"build", NodeKind::kbuild, Verdict::warning, "w", 1, {moved}}),
                      node({"boot", NodeKind::test, Verdict::incomplete, "away"}),
                      node({"spdx", NodeKind::check, Verdict::pass})});
  in.previous = {
      node({"build", NodeKind::kbuild, Verdict::fail, "f", std::nullopt, {gone, gone, stays}}),
      node({"boot", NodeKind::test, Verdict::fail, "f", std::nullopt, {finding("", 0, "crash")}}),
      node({"old-check",
            NodeKind::check,
            Verdict::fail,
            "f",
            std::nullopt,
            {finding("", 0, "not asked any more")}}),
      node({"spdx", NodeKind::check, Verdict::fail, "no tag"})};
  in.previous_version = 1;
  const Report report = build_report(in);
  REQUIRE(report.fixed.size() == 2);
  CHECK(report.fixed[0].check == "build");
  CHECK(report.fixed[0].text == "a.c:10: error: gone");
  CHECK(report.fixed[1].check == "spdx");
  CHECK(report.fixed[1].text == "no tag");
  CHECK(report.entries[0].lines[0].known);
  // A build that stops in patch 1 does not get to what was wrong in patch 2.
  in.nodes[0].node.result = Verdict::fail;
  CHECK(build_report(in).fixed.size() == 1);
  in.nodes[0].node.result = Verdict::warning;
  in.nodes.push_back(node({"build", NodeKind::kbuild, Verdict::incomplete, "too long", 2}));
  CHECK(build_report(in).fixed.size() == 1);
}

TEST_CASE("reports::build_report: a test that passes now is fixed though others fail") {
  const auto s = series();
  const auto test = [](const char* name) {
    return finding("", 0, "test failed", Severity::error, "ktap", name);
  };
  auto in = input(s, {node({"boot", NodeKind::test, Verdict::fail, "f", {}, {test("b")}})});
  in.previous = {node({"boot", NodeKind::test, Verdict::fail, "f", {}, {test("a")}})};
  in.previous_version = 1;
  CHECK(build_report(in).fixed.size() == 1);
  in.nodes[0].findings.push_back(finding("", 0, "Kernel panic", Severity::error, "kernel"));
  CHECK(build_report(in).fixed.empty());
}

TEST_CASE("reports::build_report: tests are counted as suites say") {
  const auto s = series();
  const Report report = build_report(input(
      s, {node({"net", NodeKind::test, Verdict::fail, "41 passed, 2 failed (x), 1 skipped"}),
          node({"boot", NodeKind::test, Verdict::pass, "it booted"}),
          node({"um", NodeKind::test, Verdict::pass, "7 boot tests passed (7 passed)"}),
          node({"lab", NodeKind::test, Verdict::fail, "a.b: test failed (3 passed, 1 failed)"}),
          node({"arm", NodeKind::test, Verdict::incomplete, "9 passed"})}));
  CHECK(report.tests_passed == 52);
  CHECK(report.tests_total == 55);
  CHECK(report.suites == std::vector<std::string>{"net", "boot", "um", "lab"});
}

TEST_CASE("reports::build_report: commands to copy are safe to run") {
  auto s = series();
  auto one = node({"build", NodeKind::kbuild, Verdict::fail, "f"}, 42);
  one.node.reproducer = "#!/bin/sh\n";
  one.has_log = true;
  auto in = input(s, {one, node({"spdx", NodeKind::check, Verdict::fail, "f"}, 43)});
  in.base_commit = std::string(k_base);
  in.links = Links::at("https://ci.example.org///");
  Report report = build_report(in);
  CHECK(report.entries[0].reproduce == "curl -sSf https://ci.example.org/nodes/42/reproducer | sh");
  CHECK(report.entries[0].log == "https://ci.example.org/nodes/42/log");
  CHECK(report.entries[1].log.empty());
  CHECK(report.entries[1].reproduce ==
        "b4 am -o- cover@example.org | patchmill try --base 0123456789ab -");
  in.links = {};
  for (const char* evil :
       {"a;reboot@x", "$(reboot)@x", "a b@x", "-rf@x", "a'@x", "a`x`@x", "a|b@x"}) {
    s.cover_msgid = evil;
    report = build_report(in);
    CHECK_MESSAGE(report.entries[0].reproduce.empty(), evil);
  }
  in.base_commit = "$(reboot)";
  s.cover_msgid = "good@x";
  CHECK(build_report(in).entries[0].reproduce == "b4 am -o- good@x | patchmill try -");
  CHECK(build_report(in).base_commit.empty());
}

TEST_CASE("reports::template_for: one class one template") {
  const auto s = series();
  const auto of = [&](const std::string& name, NodeKind kind) {
    return std::string(
        template_for(build_report(input(s, {node({name, kind, Verdict::fail, "f"})}))));
  };
  CHECK(of("applies", NodeKind::check) == "does-not-apply");
  CHECK(of("signed-off-by", NodeKind::check) == "sign-off");
  CHECK(of("test-description", NodeKind::check) == "test-description");
  CHECK(of("checkpatch", NodeKind::check) == "style");
  CHECK(of("x", NodeKind::kbuild) == "build-failed");
  CHECK(of("x", NodeKind::test) == "test-results");
  CHECK(of("x", NodeKind::job) == "report");
  CHECK(template_for(build_report(input(s, {}))) == "test-results");
  for (const char* name : {"report", "lse", "digest"}) {
    CHECK(TemplateSet().has(name));
  }
}

TEST_CASE("reports::render_report: values are text, never template") {
  auto s = series();
  s.name = "{{> footer}} {{#failures}} {{contact}} \r\nBcc: x <b>&amp;</b>";
  const Report report = build_report(input(s, {node({"x", NodeKind::job, Verdict::fail, "f"})}));
  Words words;
  words.contact = "SECRET-CONTACT";
  const auto rendered = render_report(TemplateSet(), "report", report, words);
  REQUIRE(rendered.has_value());
  CHECK(rendered->text.find("{{> footer}}") != std::string::npos);
  CHECK(rendered->text.find("<b>&amp;</b>") != std::string::npos);
  CHECK(render_report(TemplateSet(), "nothing", report, words).error().kind ==
        ErrorKind::not_found);
}

}  // namespace
}  // namespace patchmill::reports
