#include "app/baseline.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using app::BaselineResult;
using app::judge;
using findings::Finding;
using findings::Severity;
using findings::Verdict;

namespace {

Finding finding(Severity severity, std::string file, int line, std::string message) {
  Finding f;
  f.severity = severity;
  f.tool = "gcc";
  f.file = std::move(file);
  f.line = line;
  f.message = std::move(message);
  return f;
}

runtimes::RunOutcome run_with(Verdict verdict, std::vector<Finding> found = {}) {
  runtimes::RunOutcome run;
  run.verdict = verdict;
  run.summary = "exit status 2";
  run.findings = std::move(found);
  return run;
}

const Finding k_error = finding(Severity::error, "a.c", 10, "'x' undeclared");
Finding failed_test(std::string name) {
  Finding f = finding(Severity::error, "", 0, "test failed");
  f.tool = "ktap";
  f.rule = std::move(name);
  return f;
}

const Finding k_warning = finding(Severity::warning, "a.c", 5, "unused variable 'y'");

}  // namespace

TEST_CASE("app::judge: a failure the base has not is the patch's, with its first error") {
  const BaselineResult base{Verdict::pass, "", {}};
  const auto judged = judge(run_with(Verdict::fail, {k_error, k_error}), &base);
  CHECK(judged.verdict == Verdict::fail);
  CHECK(judged.summary == "a.c:10: error: 'x' undeclared (and 1 more)");
  CHECK(judged.findings.size() == 2);
}

TEST_CASE("app::judge: how many tests there were stays in the summary, once") {
  auto run = run_with(Verdict::fail, {finding(Severity::error, "", 0, "uptime: test failed")});
  run.tests = "7 passed, 1 failed";
  const BaselineResult base{Verdict::pass, "8 passed", {}};
  CHECK(judge(run, &base).summary == "uptime: test failed (7 passed, 1 failed)");
  run = run_with(Verdict::pass);
  run.summary = "8 passed";
  run.tests = "8 passed";
  CHECK(judge(run, &base).summary == "8 passed");
}

TEST_CASE("app::judge: a base that fails alike is not blamed on the patch") {
  auto moved = k_error;
  moved.line = 12;
  const BaselineResult base{Verdict::fail, "a.c:10: 'x' undeclared", {moved}};
  CHECK(judge(run_with(Verdict::fail, {k_error}), &base).verdict == Verdict::incomplete);
  CHECK(judge(run_with(Verdict::fail), &base).verdict == Verdict::incomplete);
}

TEST_CASE("app::judge: a new error on a failing base is still the patch's") {
  const BaselineResult base{Verdict::fail, "", {k_error}};
  const auto other = finding(Severity::error, "b.c", 1, "expected ';'");
  const auto judged = judge(run_with(Verdict::fail, {k_error, other}), &base);
  CHECK(judged.verdict == Verdict::fail);
  REQUIRE(judged.findings.size() == 1);
  CHECK(judged.findings[0].file == "b.c");
}

TEST_CASE("app::judge: a base that could not be judged leaves the failure open") {
  const BaselineResult base{Verdict::incomplete, "killed at the deadline", {}};
  const auto judged = judge(run_with(Verdict::fail, {k_error}), &base);
  CHECK(judged.verdict == Verdict::incomplete);
  CHECK(judged.summary.find("killed at the deadline") != std::string::npos);
}

TEST_CASE("app::judge: only new warnings count") {
  const BaselineResult base{Verdict::pass, "", {k_warning}};
  CHECK(judge(run_with(Verdict::pass, {k_warning}), &base).verdict == Verdict::pass);
  const auto twice = judge(run_with(Verdict::pass, {k_warning, k_warning}), &base);
  CHECK(twice.verdict == Verdict::warning);
  CHECK(twice.summary == "1 new warning: a.c:5: warning: unused variable 'y'");
}

TEST_CASE("app::judge: without a baseline everything counts") {
  CHECK(judge(run_with(Verdict::pass, {k_warning}), nullptr).verdict == Verdict::warning);
  CHECK(judge(run_with(Verdict::pass), nullptr).verdict == Verdict::pass);
  CHECK(judge(run_with(Verdict::fail), nullptr).summary == "exit status 2");
}

TEST_CASE("app::judge: skip and incomplete stay what they are and ask for no baseline") {
  CHECK(judge(run_with(Verdict::incomplete), nullptr).verdict == Verdict::incomplete);
  CHECK(judge(run_with(Verdict::skip), nullptr).verdict == Verdict::skip);
  CHECK_FALSE(app::needs_baseline(run_with(Verdict::incomplete, {k_error})));
  CHECK_FALSE(app::needs_baseline(run_with(Verdict::skip)));
  CHECK_FALSE(app::needs_baseline(run_with(Verdict::pass)));
  CHECK(app::needs_baseline(run_with(Verdict::pass, {k_warning})));
  CHECK(app::needs_baseline(run_with(Verdict::fail)));
}

TEST_CASE("app::judge: an error of a job that passes is not called a warning") {
  const BaselineResult base{Verdict::pass, "", {}};
  const auto one = judge(run_with(Verdict::pass, {k_error}), &base);
  CHECK(one.verdict == Verdict::warning);
  CHECK(one.summary == "1 new error, though it passes: a.c:10: error: 'x' undeclared");
  const auto both = judge(run_with(Verdict::pass, {k_warning, k_error}), &base);
  CHECK(both.summary == "2 new findings, though it passes: a.c:10: error: 'x' undeclared");
}

TEST_CASE("app::judge: tests that fail on the base as well are only told of") {
  const BaselineResult base{Verdict::fail, "", {failed_test("known_bad"), failed_test("mended")}};
  auto run = run_with(Verdict::fail, {failed_test("known_bad")});
  run.tests = "2 passed, 1 failed";
  const auto judged = judge(run, &base);
  CHECK(judged.verdict == Verdict::pass);
  CHECK(judged.summary == "fails on the base, too: known_bad (2 passed, 1 failed)");
  CHECK(judged.findings.empty());
  auto with_warning = run_with(Verdict::fail, {failed_test("known_bad"), k_warning});
  with_warning.findings[1].tool = "kernel";
  const auto warned = judge(with_warning, &base);
  CHECK(warned.verdict == Verdict::warning);
  CHECK(warned.summary ==
        "1 new warning: a.c:5: warning: unused variable 'y'; fails on the base, too: known_bad");
}

TEST_CASE("app::judge: a new failed test beside an old one is the only one named") {
  const BaselineResult base{Verdict::fail, "", {failed_test("known_bad")}};
  const auto judged =
      judge(run_with(Verdict::fail, {failed_test("known_bad"), failed_test("boot")}), &base);
  CHECK(judged.verdict == Verdict::fail);
  CHECK(judged.summary == "boot: test failed");
  REQUIRE(judged.findings.size() == 1);
}

TEST_CASE(
    "app::judge: what was not measured says nothing, though the failed tests are the base's") {
  const BaselineResult base{Verdict::fail, "", {failed_test("known_bad"), k_error}};
  auto crashed = run_with(Verdict::fail, {failed_test("known_bad")});
  crashed.exit_status = 139;
  CHECK(judge(crashed, &base).verdict == Verdict::incomplete);
  auto missing = failed_test("c");
  missing.severity = Severity::warning;
  CHECK(judge(run_with(Verdict::fail, {failed_test("known_bad"), missing}), &base).verdict ==
        Verdict::incomplete);
  CHECK(judge(run_with(Verdict::fail, {failed_test("known_bad"), k_error}), &base).verdict ==
        Verdict::incomplete);
}

TEST_CASE("app::judge: what an earlier patch broke is not called the base's") {
  BaselineResult base{Verdict::fail, "", {failed_test("known_bad")}};
  base.earlier = {failed_test("boot")};
  const auto judged =
      judge(run_with(Verdict::fail, {failed_test("known_bad"), failed_test("boot")}), &base);
  CHECK(judged.verdict == Verdict::fail);
  CHECK(judged.summary == "fails since an earlier patch: boot");
}
