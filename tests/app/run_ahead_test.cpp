#include "app/run_ahead.hpp"

#include "app/run_end.hpp"
#include "app/runner_bench.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <mutex>

using namespace patchmill;
using app::test::outcome;
using app::test::RunnerBench;
using findings::Verdict;

namespace fs = std::filesystem;

namespace {

constexpr const char* k_one_job =
    "jobs:\n  - {name: build, kind: kbuild, scope: series, command: [x]}\n";

using Lines = std::vector<std::string>;

// "NUMBER VERDICT" or "NUMBER error", in the order told.
Lines judge(RunnerBench& bench, const std::vector<std::int64_t>& numbers,
            const app::RunWatcher& watcher = {}, unsigned workers = 1) {
  Lines told;
  app::RunAhead runner(*bench.workspace, bench.runtime, bench.processes, workers, watcher);
  runner.run(numbers, {}, [&](const tracker::Series& series, const auto& report) {
    told.push_back(std::to_string(series.number) + " " +
                   (report ? std::string(findings::to_string(report->verdict.verdict)) : "error"));
  });
  return told;
}

std::int64_t number_of(RunnerBench& bench, const std::string& id, const std::string& to) {
  return bench.take(id, "[PATCH] a: change two into " + to, "two", to).number;
}

}  // namespace

TEST_CASE("app::RunAhead: the next series is placed and checked while jobs of one run") {
  RunnerBench bench(k_one_job);
  const auto first = number_of(bench, "p1@x", "2");
  const auto second = number_of(bench, "p2@x", "zwei");
  std::mutex mutex;
  std::condition_variable changed;
  bool second_placed = false, overlapped = false;
  app::RunWatcher watcher;
  watcher.node_done = [&](const pipeline::Node& node) {
    const std::lock_guard lock(mutex);
    second_placed =
        second_placed || (node.series == second && node.kind == pipeline::NodeKind::checkout);
    changed.notify_all();
  };
  bench.runtime.answer = [&](const std::string&, const std::string& source) {
    if (source.find("\n2\n") != std::string::npos) {
      std::unique_lock lock(mutex);
      overlapped = changed.wait_for(lock, std::chrono::seconds(30), [&] { return second_placed; });
    }
    return outcome(Verdict::pass);
  };
  CHECK(judge(bench, {first, second}, watcher) ==
        Lines{std::to_string(first) + " pass", std::to_string(second) + " pass"});
  CHECK(overlapped);
  CHECK(bench.runtime.sources == Lines{"one\n2\nthree\nfour\n", "one\nzwei\nthree\nfour\n"});
}

TEST_CASE("app::RunAhead: jobs of as many series as there are workers run at once") {
  RunnerBench bench(k_one_job);
  std::vector<std::int64_t> numbers;
  Lines passed;
  for (const char* word : {"2", "zwei", "deux", "due", "dos"}) {
    numbers.push_back(number_of(bench, std::string(word) + "@x", word));
    passed.push_back(std::to_string(numbers.back()) + " pass");
  }
  std::mutex mutex;
  std::condition_variable changed;
  int running = 0, most = 0, ended = 0;
  bool first_ended_last = false;
  bench.runtime.answer = [&](const std::string&, const std::string& source) {
    std::unique_lock lock(mutex);
    most = std::max(most, ++running);
    changed.notify_all();
    if (source.find("\n2\n") != std::string::npos) {
      // The first series holds its worker while the other judges all the rest.
      first_ended_last =
          changed.wait_for(lock, std::chrono::seconds(30), [&] { return ended == 4; });
    }
    --running;
    ++ended;
    changed.notify_all();
    return outcome(Verdict::pass);
  };
  CHECK(judge(bench, numbers, {}, 2) == passed);
  CHECK(most == 2);
  CHECK(first_ended_last);
  CHECK(bench.runtime.asked.size() == 5);
}

TEST_CASE("app::RunAhead: a worker that has built nothing begins with another's build") {
  RunnerBench bench(
      "jobs:\n  - {name: build, kind: kbuild, scope: series, command: [x], warm: b}\n");
  const auto first = number_of(bench, "p1@x", "2");
  const auto second = number_of(bench, "p2@x", "zwei");
  std::mutex mutex;
  std::condition_variable changed;
  bool first_builds = false, second_begun = false;
  Lines found;
  app::RunWatcher watcher;
  // Two that begin in the same moment both build from nothing.
  watcher.series_started = [&](const tracker::Series& series) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::seconds(30),
                     [&] { return series.number != second || first_builds; });
  };
  watcher.node_started = [&](const pipeline::Node& node) {
    const std::lock_guard lock(mutex);
    second_begun = second_begun || (node.series == second && node.name == "build");
    changed.notify_all();
  };
  bench.runtime.look = [&](const runtimes::RunRequest& request) {
    const fs::path built = request.warm / "built";
    found.push_back(read_file(built).value_or("nothing"));
    REQUIRE(write_file_atomic(built, "objects"));
    const std::lock_guard lock(mutex);
    first_builds = true;
    changed.notify_all();
  };
  bench.runtime.answer = [&](const std::string&, const std::string& source) {
    if (source.find("\n2\n") != std::string::npos) {
      std::unique_lock lock(mutex);
      changed.wait_for(lock, std::chrono::seconds(30), [&] { return second_begun; });
    }
    return outcome(Verdict::pass);
  };
  CHECK(judge(bench, {first, second}, watcher, 2).size() == 2);
  // It waited for the build to end, and has it in a slot of its own.
  CHECK(found == Lines{"nothing", "objects"});
  CHECK(fs::exists(bench.folder.path() / "data/source/t.1/warm-b/built"));
}

TEST_CASE("app::RunAhead: in the order asked for, each once, whatever needs no job") {
  RunnerBench bench(k_one_job);
  const auto good = number_of(bench, "p1@x", "2");
  const auto misfit = bench.take("p2@x", "[PATCH] a: not there", "nowhere", "x").number;
  const auto last = number_of(bench, "p3@x", "drei");
  CHECK(judge(bench, {good, misfit, 4711, good, last}) == Lines{std::to_string(good) + " pass",
                                                                std::to_string(misfit) + " fail",
                                                                std::to_string(last) + " pass"});
  CHECK(bench.runtime.asked.size() == 2);
  // Nothing changed since.
  CHECK(judge(bench, {last, good}) ==
        Lines{std::to_string(last) + " pass", std::to_string(good) + " pass"});
  CHECK(bench.runtime.asked.size() == 2);
}

TEST_CASE("app::RunAhead: what breaks a run is thrown to the caller, and the next run goes on") {
  RunnerBench bench(k_one_job);
  const auto first = number_of(bench, "p1@x", "2");
  const auto second = number_of(bench, "p2@x", "zwei");
  bench.runtime.answer = [&](const std::string&, const std::string& source) {
    if (source.find("\n2\n") != std::string::npos) {
      throw std::runtime_error("the disk is on fire");
    }
    return outcome(Verdict::pass);
  };
  CHECK_THROWS_WITH(judge(bench, {first, second}), "the disk is on fire");
  bench.runtime.answer = [](const std::string&, const std::string&) {
    return outcome(Verdict::pass);
  };
  app::abandon_orphans(*bench.workspace);
  CHECK(judge(bench, {first, second}) ==
        Lines{std::to_string(first) + " pass", std::to_string(second) + " pass"});
}
