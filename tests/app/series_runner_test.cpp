#include "app/series_runner.hpp"

#include "app/run_end.hpp"
#include "app/runner_bench.hpp"
#include "patchwork/patch_map.hpp"
#include "tracker/tracker.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>

using namespace patchmill;
using findings::Verdict;
namespace fs = std::filesystem;
using app::test::outcome;
using app::test::RunnerBench;

namespace {

constexpr const char* k_jobs =
    "jobs:\n"
    "  - {name: build, kind: kbuild, scope: patch, command: [x], baseline: true}\n"
    "  - {name: boot, kind: test, command: [x], needs: [build]}\n";

}  // namespace

TEST_CASE("app::SeriesRunner: applies, checks and runs jobs on the patched source") {
  RunnerBench bench(k_jobs);
  const auto series = bench.take("p1@x", "[PATCH] a: change two", "two", "2");
  const auto report = bench.run(series);
  CHECK(report.tested);
  CHECK(report.verdict.verdict == Verdict::pass);
  CHECK(bench.runtime.asked == std::vector<std::string>{"build", "boot"});
  CHECK(bench.runtime.sources[0] == "one\n2\nthree\nfour\n");
  const auto nodes = bench.workspace->nodes().of_series(series.number);
  REQUIRE_FALSE(nodes.empty());
  CHECK(nodes[0].kind == pipeline::NodeKind::checkout);
  for (const auto& node : nodes) {
    CHECK(node.state == pipeline::NodeState::done);
  }
}

TEST_CASE("app::SeriesRunner: an equal series is not tested twice, unless asked to") {
  RunnerBench bench(k_jobs);
  const auto series = bench.take("p1@x", "[PATCH] a: change two", "two", "2");
  CHECK(bench.run(series).tested);
  const auto asked = bench.runtime.asked.size();
  CHECK_FALSE(bench.run(series).tested);
  CHECK(bench.runtime.asked.size() == asked);
  CHECK(bench.run(series, true).tested);
  CHECK(bench.runtime.asked.size() == 2 * asked);
}

TEST_CASE("app::SeriesRunner: what was asked for anew and broke off is done by the next run") {
  RunnerBench bench(k_jobs);
  const auto series = bench.take("p1@x", "[PATCH] a: change two", "two", "2");
  CHECK(bench.run(series).tested);
  const auto fine = bench.runtime.answer;
  bench.runtime.answer = [](const std::string&, const std::string&) -> runtimes::RunOutcome {
    throw std::runtime_error("killed");
  };
  CHECK_THROWS_WITH(bench.run(series, true), "killed");
  bench.runtime.answer = fine;
  app::abandon_orphans(*bench.workspace);
  CHECK(bench.run(series).tested);
  CHECK_FALSE(bench.run(series).tested);
}

TEST_CASE("app::SeriesRunner: a failing build is compared with the base, once") {
  RunnerBench bench(k_jobs);
  bench.runtime.answer = [](const std::string& job, const std::string& source) {
    const bool bad = job == "build" && source.find("broken") != std::string::npos;
    return outcome(bad ? Verdict::fail : Verdict::pass, bad ? "does not compile" : "fine");
  };
  const auto first = bench.take("p1@x", "[PATCH] a: break", "two", "broken");
  const auto report = bench.run(first);
  CHECK(report.verdict.verdict == Verdict::fail);
  CHECK(report.verdict.reason == "build (patch 1): does not compile");
  // The job, then its baseline; the boot test did not start and says why.
  CHECK(bench.runtime.asked == std::vector<std::string>{"build", "build"});
  CHECK(bench.runtime.sources[1] == "one\ntwo\nthree\nfour\n");
  bool explained = false;
  for (const auto& node : bench.workspace->nodes().of_series(first.number)) {
    explained = explained || (node.name == "boot" && node.result == Verdict::skip &&
                              node.summary.find("build") != std::string::npos);
  }
  CHECK(explained);
  const auto second = bench.take("p2@x", "[PATCH] a: break it again", "two", "broken too");
  CHECK(bench.run(second).verdict.verdict == Verdict::fail);
  CHECK(bench.runtime.asked.size() == 3);
}

TEST_CASE("app::SeriesRunner: a base that fails is our trouble, tried again, never the patch's") {
  RunnerBench bench(k_jobs);
  bench.runtime.answer = [](const std::string& job, const std::string&) {
    return outcome(job == "build" ? Verdict::fail : Verdict::pass, "the compiler is gone");
  };
  const auto series = bench.take("p1@x", "[PATCH] a: change two", "two", "2");
  const auto report = bench.run(series);
  CHECK(report.verdict.verdict == Verdict::incomplete);
  CHECK(report.verdict.reason.find("the base fails too") != std::string::npos);

  // Not before its time, and not for ever.
  auto verdict = report.verdict;
  for (int attempt = 1; attempt <= 4; ++attempt) {
    CHECK(verdict.attempts == attempt);
    CHECK_FALSE(bench.run(series).tested);
    CHECK(verdict.retry_at.has_value() == (attempt < 4));
    if (verdict.retry_at) {
      CHECK(*verdict.retry_at >= verdict.time + std::chrono::seconds(30));
      verdict.retry_at = verdict.time;
      bench.workspace->nodes().set_verdict(series.number, verdict);
      const auto again = bench.run(series);
      CHECK(again.tested);
      verdict = again.verdict;
    }
  }
}

TEST_CASE("app::SeriesRunner: a job that printed too much is not repeated by itself") {
  RunnerBench bench(k_jobs);
  bench.runtime.answer = [](const std::string&, const std::string&) {
    auto run = outcome(Verdict::incomplete, "killed: too much output");
    run.cause = pipeline::IncompleteCause::limits;
    return run;
  };
  const auto series = bench.take("p1@x", "[PATCH] a: change two", "two", "2");
  CHECK_FALSE(bench.run(series).verdict.retry_at.has_value());
  CHECK_FALSE(bench.run(series).tested);
}

TEST_CASE("app::SeriesRunner: a patch is not blamed for what the patch before it brought") {
  RunnerBench bench(
      "jobs:\n  - {name: build, kind: kbuild, scope: patch, command: x, results: compiler}\n");
  bench.runtime.answer = [](const std::string&, const std::string& source) {
    auto run = outcome(Verdict::pass);
    if (source.find("2") != std::string::npos) {
      findings::Finding finding;
      finding.severity = findings::Severity::warning;
      finding.tool = "gcc";
      finding.file = "a.txt";
      finding.message = "unused";
      run.findings.push_back(finding);
    }
    return run;
  };
  bench.take("p1@x", "[PATCH 1/2] a: change two", "two", "2");
  const auto series = bench.take("p2@x", "[PATCH 2/2] a: change it more", "2", "22", "p1@x");
  REQUIRE(series.received_all());
  CHECK(bench.run(series).verdict.verdict == Verdict::warning);
  std::map<int, Verdict> builds;
  for (const auto& node : bench.workspace->nodes().of_series(series.number)) {
    if (node.name == "build" && node.patch) {
      builds[*node.patch] = node.result.value_or(Verdict::incomplete);
    }
  }
  CHECK(builds == std::map<int, Verdict>{{1, Verdict::warning}, {2, Verdict::pass}});
}

TEST_CASE("app::SeriesRunner: a warning of a warm folder is the series' own or left out") {
  RunnerBench bench(
      "jobs:\n  - {name: build, kind: kbuild, command: x, results: compiler, warm: objects}\n");
  // Every line is a unit; "all" is a header of each. The last line's unit warns on the base.
  std::string built;
  bench.runtime.answer = [&](const std::string&, const std::string& source) {
    auto run = outcome(Verdict::pass);
    const auto lines = split(source, '\n');
    const auto before = split(built, '\n');
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const bool compiled =
          built.empty() || lines[i] != before[i] || (lines[1] == "all") != (before[1] == "all");
      if (compiled && (lines[i] == "four" || lines[i] == "bad")) {
        findings::Finding finding;
        finding.tool = "gcc";
        finding.file = "unit" + std::to_string(i);
        finding.message = "unused";
        run.findings.push_back(finding);
      }
    }
    built = source;
    return run;
  };
  const auto verdict_of = [&](const std::string& id, const std::string& to) {
    bench.runtime.asked.clear();
    return bench.run(bench.take(id, "[PATCH] a: to " + to, "two", to)).verdict;
  };
  // Into an empty folder: everything is compiled, for the base afterwards only what differs.
  CHECK(verdict_of("p1@x", "2").verdict == Verdict::pass);
  CHECK(bench.runtime.asked.size() == 3);
  // A base that was built before has not compiled what this one does.
  CHECK(verdict_of("p2@x", "all").verdict == Verdict::pass);
  CHECK(bench.runtime.asked.size() == 2);
  const auto bad = verdict_of("p3@x", "bad");
  CHECK(bad.verdict == Verdict::warning);
  CHECK(bad.reason.find("1 new warning: unit1") != std::string::npos);
  CHECK(verdict_of("p4@x", "nothing").verdict == Verdict::pass);
  CHECK(bench.runtime.asked.size() == 1);
}

TEST_CASE("app::SeriesRunner: a base that is built again has the times of that run, or stays") {
  RunnerBench bench(
      "jobs:\n  - {name: headers, kind: kbuild, command: x, warm: objects}\n"
      "  - {name: build, kind: kbuild, command: x, results: compiler, warm: objects,"
      " needs: [headers]}\n");
  auto& nodes = bench.workspace->nodes();
  std::string warned = "one.c";
  bool warns_at_base = false, breaks_at_base = false;
  Timestamp asked_of_base{};
  bench.runtime.answer = [&](const std::string& job, const std::string& source) {
    const bool at_base = source == "one\ntwo\nthree\nfour\n";
    auto run = outcome(Verdict::pass, "built for " + warned);
    bench.runtime.broken = breaks_at_base && job == "headers" && at_base;  // for the build
    if (job == "headers") {
      return run;
    }
    if (at_base) {
      asked_of_base = bench.workspace->clock().now();
    }
    if (!at_base || warns_at_base) {
      findings::Finding finding;
      finding.tool = "gcc";
      finding.file = warned;
      finding.message = "unused";
      run.findings.push_back(finding);
    }
    return run;
  };
  const auto base_node = [&] {
    const auto of_no_series = nodes.of_series(0);
    const auto found = std::ranges::find_if(
        of_no_series, [](const auto& node) { return node.name.starts_with("build on the base"); });
    REQUIRE(found != of_no_series.end());
    CHECK(found->state == pipeline::NodeState::done);
    REQUIRE(found->started.has_value());
    REQUIRE(found->finished.has_value());
    return *found;
  };
  const auto verdict_of = [&](const std::string& id, const std::string& to) {
    return bench.run(bench.take(id, "[PATCH] a: to " + to, "two", to)).verdict.verdict;
  };
  CHECK(verdict_of("p1@x", "2") == Verdict::warning);
  const auto first = base_node();
  CHECK(*first.started <= asked_of_base);
  CHECK(asked_of_base <= *first.finished);
  CHECK(nodes.findings_of(first.id).empty());

  // The clock of a workspace is the system's, so what is stored becomes older instead.
  const auto day = std::chrono::microseconds(std::chrono::hours(24)).count();
  bench.workspace->database().exec(
      "UPDATE nodes SET started = started - ?, finished = finished - ? WHERE id = ?", day, day,
      first.id);
  const auto aged = base_node();
  warned = "two.c";

  SUBCASE("built again") {
    warns_at_base = true;
    const Timestamp before = bench.workspace->clock().now();
    CHECK(verdict_of("p2@x", "zwei") == Verdict::pass);
    const auto again = base_node();
    CHECK(again.id == first.id);
    CHECK(*again.started >= before);
    CHECK(*again.started <= asked_of_base);
    CHECK(asked_of_base <= *again.finished);
    CHECK(again.summary == "built for two.c");
    CHECK(nodes.findings_of(again.id).size() == 1);
    CHECK(nodes.artifacts_of(again.id).size() == 1);
  }
  SUBCASE("it cannot be built") {
    breaks_at_base = true;
    CHECK(verdict_of("p2@x", "zwei") == Verdict::incomplete);
    const auto kept = base_node();
    CHECK(kept.started == aged.started);
    CHECK(kept.finished == aged.finished);
    CHECK(kept.result == Verdict::pass);
    CHECK(kept.summary == "built for one.c");
  }
}

TEST_CASE("app::SeriesRunner: a conflict names patch, file and hunk, and no job runs") {
  RunnerBench bench(k_jobs);
  const auto series = bench.take("p1@x", "[PATCH] a: change what is not there", "zwei", "2");
  const auto report = bench.run(series);
  CHECK(report.verdict.verdict == Verdict::fail);
  CHECK(report.verdict.reason.find("patch 1 of 1 does not apply to t: a.txt hunk 1: expects ") !=
        std::string::npos);
  CHECK(bench.runtime.asked.empty());
  std::vector<std::string> skipped;
  for (const auto& node : bench.workspace->nodes().of_series(series.number)) {
    if (node.result == Verdict::skip && node.summary == "the series does not apply") {
      skipped.push_back(node.name);
    }
  }
  CHECK(skipped == std::vector<std::string>{"build", "boot"});
}

TEST_CASE("app::SeriesRunner: checks judge the text of each patch") {
  RunnerBench bench;
  const auto series = bench.take("p1@x", "[PATCH] a: change two", "two", "2", "", "");
  const auto report = bench.run(series);
  CHECK(report.verdict.verdict == Verdict::fail);
  CHECK(report.verdict.reason.find("signed-off-by") == 0);
}

TEST_CASE("app::SeriesRunner: an incomplete series says which patches are missing") {
  RunnerBench bench(k_jobs);
  const auto series = bench.take("p2@x", "[PATCH 2/3] a: change two", "two", "2");
  const auto report = bench.run(series);
  CHECK_FALSE(report.tested);
  CHECK(report.verdict.verdict == Verdict::incomplete);
  CHECK(report.verdict.reason == "1 of 3 patches are here; missing: 1, 3");
}

TEST_CASE("app::SeriesRunner: a superseded series is skipped, or tested when configured so") {
  for (const bool test : {false, true}) {
    RunnerBench bench(std::string(k_jobs) + (test ? "superseded: test\n" : ""));
    const auto first = bench.take("v1@x", "[PATCH] a: change two", "two", "2");
    bench.take("v2@x", "[PATCH v2] a: change two", "two", "zwei");
    const auto again = bench.workspace->queries().series(first.number);
    REQUIRE(again.has_value());
    REQUIRE(again->superseded);
    const auto report = bench.run(*again);
    CHECK(report.verdict.verdict == (test ? Verdict::pass : Verdict::skip));
  }
}

TEST_CASE("app::SeriesRunner: nobody waits for the rest of what a newer revision replaces") {
  for (const bool test : {false, true}) {
    RunnerBench bench(std::string(k_jobs) + (test ? "superseded: test\n" : ""));
    const auto half = bench.take("v1@x", "[PATCH 1/2] a: change two", "two", "2");
    CHECK(bench.run(half).verdict.verdict == Verdict::incomplete);
    bench.take("v2-1@x", "[PATCH v2 1/2] a: change two", "two", "2");
    bench.take("v2-2@x", "[PATCH v2 2/2] a: change it more", "2", "22", "v2-1@x");
    const auto again = bench.workspace->queries().series(half.number);
    REQUIRE(again.has_value());
    REQUIRE(again->superseded);
    const auto report = bench.run(*again);
    CHECK(report.verdict.verdict == Verdict::skip);
    CHECK(report.verdict.reason == "a newer revision is here");
    CHECK_FALSE(report.kept);
  }
}

TEST_CASE("app::SeriesRunner: tested again when what it is on top of has a newer revision") {
  RunnerBench bench(k_jobs);
  bench.take("base1@x", "[PATCH] a: change two", "two", "2");
  const auto top = bench.take("top@x", "[PATCH] a: change it more", "2", "22", "",
                              "Depends-on: <base1@x>\nSigned-off-by: A <a@example.org>\n");
  const auto run_top = [&] { return bench.run(*bench.workspace->queries().series(top.number)); };
  CHECK(run_top().verdict.verdict == Verdict::pass);
  CHECK(run_top().kept);
  bench.take("base2@x", "[PATCH v2] a: change two", "two", "zwei");
  const auto report = run_top();
  CHECK(report.tested);
  CHECK(report.verdict.verdict != Verdict::pass);
}

TEST_CASE("app::SeriesRunner: a job whose program was edited runs again") {
  RunnerBench bench("jobs:\n  - {name: boot, kind: test, command: [sh, job.sh]}\n");
  const auto program = bench.folder.path() / "job.sh";
  REQUIRE(write_file_atomic(program, "one\n"));
  const auto series = bench.take("p1@x", "[PATCH] a: change two", "two", "2");
  CHECK(bench.run(series).tested);
  const auto kept = bench.run(series);
  CHECK_FALSE(kept.tested);
  CHECK(kept.kept);
  REQUIRE(write_file_atomic(program, "two\n"));
  const auto again = bench.run(series);
  CHECK(again.tested);
  CHECK_FALSE(again.kept);
}

namespace {

std::string summary_of(RunnerBench& bench, const tracker::Series& series, const std::string& job) {
  std::string summary;
  for (const auto& node : bench.workspace->nodes().of_series(series.number)) {
    summary = node.name == job ? node.summary : summary;
  }
  return summary;
}

}  // namespace

TEST_CASE("app::SeriesRunner: a job that needs tests of which the base fails some has a baseline") {
  RunnerBench bench(
      "jobs:\n  - {name: unit, kind: test, command: [x], results: ktap}\n"
      "  - {name: boot, kind: test, command: [x], results: ktap, needs: [unit]}\n");
  bench.runtime.answer = [](const std::string& job, const std::string&) {
    auto run = outcome(Verdict::fail, "tests fail");
    findings::Finding finding;
    finding.severity = findings::Severity::error;
    finding.tool = "ktap";
    finding.rule = job + "_bad";
    finding.message = "test failed";
    run.findings.push_back(finding);
    return run;
  };
  const auto series = bench.take("p1@x", "[PATCH] a: change two", "two", "2");
  CHECK(bench.run(series).verdict.verdict == Verdict::pass);
  CHECK(summary_of(bench, series, "boot") == "fails on the base, too: boot_bad");
}

TEST_CASE("app::SeriesRunner: a program that is not found is named") {
  RunnerBench bench("jobs:\n  - {name: build, command: [cross-make, -j4]}\n");
  bench.runtime.answer = [](const std::string&, const std::string&) {
    auto run = outcome(Verdict::incomplete, "a program it needs is not installed");
    run.exit_status = 127;
    run.cause = pipeline::IncompleteCause::missing_tool;
    return run;
  };
  const auto series = bench.take("p1@x", "[PATCH] a: change two", "two", "2");
  CHECK(bench.run(series).verdict.verdict == Verdict::incomplete);
  CHECK(summary_of(bench, series, "build") ==
        "'cross-make' or a program it needs is not installed");
}

TEST_CASE("app::SeriesRunner: what an edited program finds on the base too is not blamed") {
  // `boot` is the same; what it needs is what is edited.
  RunnerBench bench(
      "jobs:\n  - {name: build, kind: kbuild, command: [sh, job.sh]}\n"
      "  - {name: boot, kind: test, command: [x], results: ktap, needs: [build]}\n");
  const auto program = bench.folder.path() / "job.sh";
  bench.runtime.answer = [&](const std::string& job, const std::string&) {
    if (job == "build") {
      return outcome(Verdict::pass);
    }
    auto run = outcome(Verdict::fail, "tests fail");
    const std::string words = read_file(program).value_or("");
    for (const auto name : split(words, ' ')) {
      findings::Finding finding;
      finding.severity = findings::Severity::error;
      finding.tool = "ktap";
      finding.rule = name;
      finding.message = "test failed";
      run.findings.push_back(finding);
    }
    return run;
  };
  const auto verdict_of = [&](const std::string& id, const std::string& to) {
    return bench.run(bench.take(id, "[PATCH] a: to " + to, "two", to)).verdict;
  };
  REQUIRE(write_file_atomic(program, "b"));
  CHECK(verdict_of("p1@x", "2").verdict == Verdict::pass);
  REQUIRE(write_file_atomic(program, "b newtest"));
  const auto later = bench.take("p2@x", "[PATCH] a: to zwei", "two", "zwei");
  CHECK(bench.run(later).verdict.verdict == Verdict::pass);
  CHECK(summary_of(bench, later, "boot") == "fails on the base, too: b, newtest");
}

TEST_CASE("app::SeriesRunner: what no source takes is skipped, unless asked for or begun") {
  RunnerBench bench(
      std::string(k_jobs) +
      "sources:\n  - {name: pw, patchwork: {url: 'https://pw.example.org', projects: [p]}, "
      "take: [{state: [new]}]}\n");
  const auto series = bench.take("p1@x", "[PATCH] a: change two", "two", "2");
  const auto set_state = [&](const std::string& state) {
    const std::vector<patchwork::KnownPatch> patches = {
        {"https://pw.example.org/", 1, "p", "p1@x", 1, state, ""}};
    patchwork::remember_patches(bench.workspace->database(), patches);
  };
  set_state("accepted");
  const auto left_out = bench.run(series);
  CHECK(left_out.verdict.verdict == Verdict::skip);
  CHECK(left_out.verdict.reason ==
        "not taken by source pw: clause 1: state is accepted, wanted is state new");
  CHECK(bench.runtime.asked.empty());
  set_state("new");
  CHECK(bench.run(series).verdict.verdict == Verdict::pass);
  set_state("accepted");
  CHECK(bench.run(series).verdict.verdict == Verdict::pass);
  const auto other = bench.take("p2@x", "[PATCH] a: change two again", "two", "II");
  const std::vector<patchwork::KnownPatch> patches = {
      {"https://pw.example.org/", 2, "p", "p2@x", 2, "accepted", ""}};
  patchwork::remember_patches(bench.workspace->database(), patches);
  CHECK(bench.run(other).verdict.verdict == Verdict::skip);
  CHECK(bench.run(other, true).verdict.verdict == Verdict::pass);
}

TEST_CASE("app::SeriesRunner: what a killed process left is closed and done anew") {
  RunnerBench bench(k_jobs);
  const auto series = bench.take("p1@x", "[PATCH] a: change two", "two", "2");
  pipeline::Node left;
  left.series = series.number;
  left.kind = pipeline::NodeKind::kbuild;
  left.name = "build";
  left = bench.workspace->nodes().create(left);
  bench.workspace->nodes().start(left);
  CHECK(bench.workspace->nodes().close_orphans() == 1);
  CHECK(bench.run(series).verdict.verdict == Verdict::pass);
}

TEST_CASE("app::SeriesRunner: who watches sees every node end, also one without a sandbox") {
  RunnerBench bench(k_jobs);
  bench.runtime.broken = true;
  const auto series = bench.take("p1@x", "[PATCH] a: change two", "two", "2");
  std::vector<std::string> started, done;
  app::RunWatcher watcher;
  watcher.node_started = [&](const pipeline::Node& node) { started.push_back(node.name); };
  watcher.node_done = [&](const pipeline::Node& node) {
    done.push_back(node.name);
    CHECK(node.state == pipeline::NodeState::done);
  };
  app::SeriesRunner runner(*bench.workspace, bench.runtime, bench.processes, watcher);
  const auto report = runner.run(series);
  REQUIRE(report.has_value());
  CHECK(report->verdict.verdict == Verdict::incomplete);
  CHECK(report->verdict.reason.find("no sandbox today") != std::string::npos);
  CHECK(std::find(started.begin(), started.end(), "build") != started.end());
  CHECK(std::find(done.begin(), done.end(), "build") != done.end());
}
