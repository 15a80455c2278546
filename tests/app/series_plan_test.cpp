#include "app/series_plan.hpp"

#include "app/runner_bench.hpp"

using namespace patchmill;
using app::test::RunnerBench;
using findings::Verdict;
using placement::PlacementState;

namespace {

constexpr const char* k_planned_jobs =
    "jobs:\n  - {name: pp, scope: patch, command: [make]}\n"
    "  - {name: docs, command: [make, htmldocs], match: {paths: ['Documentation/*']}}\n";

app::SeriesPlan plan_of(RunnerBench& bench, const tracker::Series& series,
                        bool always_place = false) {
  auto plan = app::plan_series(*bench.workspace, series, {}, always_place);
  REQUIRE_MESSAGE(plan.has_value(), plan.error().message);
  return *std::move(plan);
}

// No job, and every one says why.
void check_nothing_runs(const app::SeriesPlan& plan, const std::string& reason) {
  CHECK(plan.jobs.jobs.empty());
  REQUIRE(plan.jobs.skipped.size() == 2);
  for (const auto& skipped : plan.jobs.skipped) {
    CHECK(skipped.reason == reason);
  }
}

}  // namespace

TEST_CASE("app::plan_series: base, checks, jobs, and why not the others") {
  RunnerBench bench(k_planned_jobs);
  const auto plan = plan_of(bench, bench.take("p1@x", "[PATCH] a: change two", "two", "2"));
  CHECK_FALSE(plan.early.has_value());
  REQUIRE(plan.placement.has_value());
  CHECK(plan.placement->state == PlacementState::placed);
  CHECK(plan.checks.size() == 1);
  REQUIRE(plan.jobs.jobs.size() == 1);
  CHECK(plan.jobs.jobs[0].job->name == "pp");
  REQUIRE(plan.jobs.skipped.size() == 1);
  CHECK(plan.jobs.skipped[0].reason == "no patch touches: Documentation/*");
}

TEST_CASE("app::plan_series: what gets its verdict at once says what a run says") {
  RunnerBench bench(std::string(k_planned_jobs) + "rfc: skip\n");
  const auto old = bench.take("v1@x", "[PATCH] a: say it", "two", "2");
  bench.take("v2@x", "[PATCH v2] a: say it", "two", "zwei");
  for (const auto& series :
       {*bench.workspace->queries().series(old.number),
        bench.take("half@x", "[PATCH 1/2] widget: halve the noise", "two", "half"),
        bench.take("rfc@x", "[RFC PATCH] lamp: shine brighter", "two", "what"),
        bench.take("skip@x", "[PATCH] kettle: boil faster", "two", "who", "",
                   "CI-tag: skip\nSigned-off-by: A <a@example.org>\n")}) {
    CAPTURE(series.name);
    const auto plan = plan_of(bench, series);
    REQUIRE(plan.early.has_value());
    CHECK_FALSE(plan.placement.has_value());
    CHECK(plan.checks.empty());
    check_nothing_runs(plan, plan.early->reason);
    CHECK(plan_of(bench, series, true).placement.has_value());
    const auto verdict = bench.run(series).verdict;
    CHECK(verdict.verdict == plan.early->verdict);
    CHECK(verdict.reason == plan.early->reason);
  }
}

TEST_CASE("app::plan_series: no job where nothing is applied") {
  RunnerBench bench(k_planned_jobs);
  const auto conflict = plan_of(bench, bench.take("c@x", "[PATCH] a: change six", "six", "6"));
  CHECK(conflict.placement->state == PlacementState::conflict);
  CHECK(conflict.checks.size() == 1);
  CHECK(conflict.jobs.jobs.empty());
  REQUIRE(conflict.jobs.skipped.size() == 2);
  CHECK(conflict.jobs.skipped[0].reason == "no patch touches: Documentation/*");
  CHECK(conflict.jobs.skipped[1].reason == "the series does not apply");

  const std::string pull =
      "From: A <a@example.org>\nSubject: [GIT PULL] things\nMessage-ID: <pull@x>\n"
      "Date: Sun, 1 Mar 2026 10:00:00 +0000\nList-Id: <l.example.org>\n\n"
      "The following changes since commit 0123456789012345678901234567890123456789:\n\n"
      "  first (2026-02-01 10:00:00 +0000)\n\nare available in the Git repository at:\n\n"
      "  https://git.example.org/things.git tags/things-1\n\n"
      "for you to fetch changes up to 1123456789012345678901234567890123456789:\n\n"
      "  last (2026-02-02 10:00:00 +0000)\n";
  const auto number = app::test::take_mail(*bench.workspace, pull, "pull@x");
  const auto series = bench.workspace->queries().series(number);
  REQUIRE(series.has_value());
  const auto request = plan_of(bench, *series);
  CHECK(request.placement->state == PlacementState::not_code);
  CHECK(request.checks.empty());
  check_nothing_runs(request, "there is no patch in it");
}

TEST_CASE("app::plan_series: without trees there is nothing to plan") {
  TempDir folder;
  const auto workspace = app::test::open_workspace(folder.path(), "data: data\n");
  const std::string mail =
      "From: A <a@example.org>\nSubject: [PATCH] a: b\nMessage-ID: <n@x>\n"
      "Date: Sun, 1 Mar 2026 10:00:00 +0000\n\nx\n---\ndiff --git a/a b/a\n--- a/a\n+++ b/a\n"
      "@@ -1 +1 @@\n-a\n+b\n";
  const auto number = app::test::take_mail(*workspace, mail, "n@x");
  const auto plan = app::plan_series(*workspace, *workspace->queries().series(number), {}, false);
  REQUIRE_FALSE(plan.has_value());
  CHECK(plan.error().kind == ErrorKind::invalid);
  CHECK(plan.error().message.find("no trees are configured") == 0);
}
