#include "findings/ktap.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace patchmill::findings;

namespace {
const TestResult* find(const KtapReport& report, std::string_view name) {
  const auto it = std::find_if(report.results.begin(), report.results.end(),
                               [&](const TestResult& test) { return test.name == name; });
  return it == report.results.end() ? nullptr : &*it;
}
}  // namespace

TEST_CASE("findings::read_ktap: TAP 13 with directives") {
  const auto report = read_ktap(
      "TAP version 13\n1..6\nok 1 - one\nok 2 two # SKIP no device\nnot ok 3 three # TODO later\n"
      "not ok 4 four\nok 5 # skip\nnot ok 6 six # TIMEOUT 45 seconds\n");
  CHECK(report.complete);
  CHECK(report.passed == 1);
  CHECK(report.failed == 2);
  CHECK(report.skipped == 3);
  CHECK(report.verdict() == Verdict::fail);
  CHECK(find(report, "two")->message == "no device");
  CHECK(find(report, "three")->message == "TODO later");
  CHECK(find(report, "5")->result == Verdict::skip);
  CHECK(find(report, "six")->result == Verdict::fail);
  CHECK(report.summary() == "1 passed, 2 failed (four, …), 3 skipped");
}

TEST_CASE("findings::read_ktap: KUnit on a console, nested, with noise between") {
  const auto report = read_ktap(
      "[    0.100000] Linux version 6.1\n"
      "[    0.200000] KTAP version 1\n"
      "[    0.200001] 1..2\n"
      "[    0.210000]     KTAP version 1\n"
      "[    0.210000]     # Subtest: list\n"
      "[    0.210000]     1..2\n"
      "[    0.220000][    T1]     ok 1 list_add\n"
      "random: crng init done\n"
      "[    0.230000]     # list_del: EXPECTATION FAILED at lib/list-test.c:42\n"
      "[    0.230000]     Expected a == b, but\n"
      "[    0.230000]         a == 1\n"
      "[    0.240000]     not ok 2 list_del\n"
      "[    0.240000] # list: pass:1 fail:1 skip:0 total:2\n"
      "[    0.240000] # Totals: pass:1 fail:1 skip:0 total:2\n"
      "[    0.250000] not ok 1 list\n"
      "[    0.260000]     # Subtest: hash\n"
      "[    0.260000]     1..1\n"
      "[    0.260000]     ok 1 hash_one\n"
      "[    0.270000] ok 2 hash\n");
  CHECK(report.complete);
  CHECK(report.problems.empty());
  REQUIRE(find(report, "list.list_del"));
  CHECK(find(report, "list.list_del")->result == Verdict::fail);
  CHECK(find(report, "list")->group);
  CHECK(find(report, "hash.hash_one")->result == Verdict::pass);
  CHECK(report.passed == 2);
  CHECK(report.failed == 1);
  const auto findings = findings_of(report);
  REQUIRE(findings.size() == 1);  // the group's failure is its test's
  CHECK(findings[0].rule == "list.list_del");
  CHECK(findings[0].file == "lib/list-test.c");
  CHECK(findings[0].line == 42);
  CHECK(findings[0].detail.find("a == 1") != std::string::npos);
}

TEST_CASE("findings::read_ktap: kselftest nests with '# '") {
  const auto report = read_ktap(
      "TAP version 13\n1..2\n# selftests: net: a.sh\n# TAP version 13\n# 1..2\n# ok 1 x\n"
      "# ok then, some talk\n# not ok 2 y\nnot ok 1 selftests: net: a.sh # exit=1\n"
      "# selftests: net: b.sh\n# ok 1 this is talk, no nested header came\n"
      "ok 2 selftests: net: b.sh\n");
  CHECK(report.complete);
  CHECK(find(report, "selftests: net: a.sh.x"));
  CHECK(report.passed == 2);
  CHECK(report.failed == 1);
}

TEST_CASE("findings::read_ktap: output cut by a crash is incomplete for what is missing") {
  const auto report = read_ktap(
      "KTAP version 1\n1..3\nok 1 a\n    KTAP version 1\n    # Subtest: b\n    1..3\n"
      "    ok 1 b1\nKernel panic - not syncing: Attempted to kill init!\n");
  CHECK_FALSE(report.complete);
  CHECK(report.missing == 4);
  CHECK(report.verdict() == Verdict::incomplete);
  CHECK(find(report, "b.b1")->result == Verdict::pass);
  CHECK(find(report, "b.(missing)")->result == Verdict::incomplete);
  const auto findings = findings_of(report);
  CHECK(std::all_of(findings.begin(), findings.end(),
                    [](const Finding& f) { return f.severity == Severity::warning; }));
}

TEST_CASE("findings::read_ktap: bail out, empty plan, no plan, nothing") {
  const auto bailed = read_ktap("TAP version 14\n1..2\nok 1 a\nBail out! no memory\n");
  CHECK(bailed.verdict() == Verdict::incomplete);
  CHECK(bailed.problems.front() == "bail out: no memory");
  const auto skipped = read_ktap("TAP version 13\n1..0 # SKIP no hardware\n");
  CHECK(skipped.verdict() == Verdict::skip);
  CHECK(skipped.results.front().message == "no hardware");
  const auto planless = read_ktap("KTAP version 1\nok 1 a\n");
  CHECK(planless.verdict() == Verdict::pass);
  CHECK(planless.problems.size() == 1);
  const auto nothing = read_ktap("hello\nok\nok then\n");
  CHECK_FALSE(nothing.found);
  CHECK(nothing.verdict() == Verdict::incomplete);
  CHECK(nothing.summary() == "no test results in the output");
}

TEST_CASE("findings::read_ktap: escaped hashes, odd numbers, a plan at the end") {
  const auto report = read_ktap("TAP version 13\nok 1 - bug \\#12 # SKIP why\nok 3 c\n1..2\n");
  CHECK(find(report, "bug #12")->result == Verdict::skip);
  CHECK(report.complete);
  CHECK(report.problems.size() == 1);
}

TEST_CASE("findings::read_ktap: hostile nesting and sizes are bounded") {
  std::string log = "KTAP version 1\n1..99999999\n";
  for (std::size_t i = 0; i < 200; ++i) {
    log += std::string(i * 2, ' ') + "KTAP version 1\n" + std::string(i * 2, ' ') + "ok 1 " +
           std::string(1000, 'x') + "\n";
  }
  for (int i = 0; i < 60000; ++i) {
    log += "ok 1 a\n";
  }
  log += std::string(2u << 20, '#') + "\n" + std::string("ok 2 \0\x1b]0;t\x07 z\n", 16);
  const auto report = read_ktap(log);
  CHECK(report.results.size() <= 50'000);
  CHECK(report.problems.size() <= 50);
  CHECK(report.verdict() == Verdict::incomplete);
}
