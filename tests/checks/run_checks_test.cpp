#include "checks/run_checks.hpp"

#include "checks/fixture.hpp"
#include "checks/report.hpp"

#include <stdexcept>

using namespace patchmill::checks;
using namespace patchmill::checks::testing;

namespace {

class Throwing final : public Check {
 public:
  [[nodiscard]] std::string_view name() const override { return "throwing"; }
  [[nodiscard]] std::string_view description() const override { return "Throws."; }
  [[nodiscard]] Scope scope() const override { return Scope::patch; }
  [[nodiscard]] CheckOutcome run(const Context&) const override {
    throw std::runtime_error("disk\nfull");
  }
};

}  // namespace

TEST_CASE("checks::run_checks: all defaults over a series, in order, on one and on many threads") {
  TestRepo repo;
  TestSeries series;
  repo.patch(series, {{"a.c", "int x;\n"}});
  repo.patch(series, {{"a.c", "int x; \n"}}, "no prefix");
  const auto enabled = default_checks();
  patchmill::SystemProcessRunner runner;
  std::string first;
  for (const unsigned threads : {1U, 4U}) {
    RunOptions options;
    options.threads = threads;
    std::size_t calls = 0;
    options.on_done = [&](const CheckRun&) { ++calls; };
    const auto runs = run_checks(series.view, enabled, &repo.repository(), runner, options);
    CHECK(calls == runs.size());
    std::string text;
    for (const CheckRun& run : runs) {
      CHECK(run.patch.has_value() == (run.check->scope() == Scope::patch));
      CHECK_FALSE(run.outcome.summary.empty());
      text += std::string(run.check->name()) + ":" + std::to_string(run.patch.value_or(0)) + ":" +
              std::string(patchmill::findings::to_string(run.outcome.verdict)) + "\n";
    }
    if (first.empty()) {
      first = text;
    }
    CHECK(text == first);
  }
  CHECK(first.find("whitespace:2:warning") != std::string::npos);
  CHECK(first.find("subject-form:2:warning") != std::string::npos);
  CHECK(first.find("signed-off-by:1:pass") != std::string::npos);
  // No kernel scripts, nobody in Cc: none of it is the patch's fault.
  CHECK(first.find("checkpatch:1:skip") != std::string::npos);
  CHECK(first.find("cc-maintainers:1:skip") != std::string::npos);
}

TEST_CASE("checks::run_checks: no tree at all") {
  TestSeries series;
  series.add("x: y", "Why.\n\nSigned-off-by: Ann Author <ann@example.org>\n",
             new_file("a.sh", {"echo"}));
  patchmill::SystemProcessRunner runner;
  for (const CheckRun& run : run_checks(series.view, default_checks(), nullptr, runner)) {
    CAPTURE(run.check->name());
    CHECK(run.outcome.verdict != Verdict::fail);
    CHECK(run.outcome.verdict != Verdict::incomplete);
  }
}

TEST_CASE("checks::run_checks: a check that throws is incomplete, the others go on") {
  TestSeries series;
  series.add("x: y", "Why.\n");
  const Throwing throwing;
  const std::vector<EnabledCheck> enabled = {{&throwing, {}}, {find_check("subject-form"), {}}};
  patchmill::SystemProcessRunner runner;
  const auto runs = run_checks(series.view, enabled, nullptr, runner);
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].outcome.verdict == Verdict::incomplete);
  CHECK(runs[0].outcome.summary == "check throwing broke down: disk full");
  CHECK(runs[1].outcome.verdict == Verdict::pass);
}

TEST_CASE("checks::run_checks: patches ascend whatever order they were given in") {
  TestSeries series;
  series.add("x: y", "Why.\n").number = 2;
  series.add("x: z", "Why.\n").number = 1;
  patchmill::SystemProcessRunner runner;
  const std::vector<EnabledCheck> enabled = {{find_check("subject-form"), {}}};
  const auto runs = run_checks(series.view, enabled, nullptr, runner);
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].patch == 1);
  CHECK(runs[0].patch_index == 1);
  CHECK(run_checks(TestSeries().view, enabled, nullptr, runner).empty());
}

TEST_CASE("checks::Report: the worst finding makes the summary; floods are counted") {
  const Check& check = *find_check("whitespace");
  Report report(check, Context{});
  report.note("n", "note");
  for (int i = 0; i < 1500; ++i) {
    report.warning("w", "warning\x1b[2J\n");
  }
  report.error("e", "error", {.file = "a.c", .line = 3});
  const auto outcome = report.finish("clean");
  CHECK(outcome.verdict == Verdict::fail);
  CHECK(outcome.summary == "a.c:3: error (and 1500 more)");
  CHECK(outcome.findings.size() == 1002);
  CHECK(outcome.findings[1].message.find('\x1b') == std::string::npos);
  CHECK(outcome.findings.back().rule == "more");
  CHECK(skipped("a\nb").summary == "a b");
}
