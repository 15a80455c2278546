#include "service/left_runs.hpp"

#include "pipeline/work_store.hpp"
#include "service/holder.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

using namespace patchmill;
using findings::Verdict;
using Numbers = std::vector<std::int64_t>;

namespace {

struct LeftBench {
  LeftBench() { reopen(); }

  void reopen(const std::string& more = "") {
    workspace.reset();
    auto config = app::parse_config(folder.path() / "c.yaml", "data: data\n" + more);
    REQUIRE_MESSAGE(config.has_value(), config.error().message);
    auto opened = app::Workspace::open(*config);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().message);
    workspace = *std::move(opened);
  }

  pipeline::WorkStore work() { return pipeline::WorkStore(workspace->database()); }

  // A run of this series with one node in the queue; returns the node.
  std::int64_t begin(std::int64_t series, int position, const std::string& worker = "") {
    pipeline::SeriesRun run;
    run.series = series;
    run.started = workspace->clock().now();
    work().open_run(run);
    pipeline::Node node;
    node.series = series;
    node.name = "build";
    node = workspace->nodes().create(node);
    pipeline::QueuedNode queued;
    queued.node = node.id;
    queued.lane = node.id;
    queued.position = position;
    queued.series = series;
    queued.queued = run.started;
    work().enqueue(queued);
    if (!worker.empty()) {
      REQUIRE(work().claim(node.id, worker, run.started + std::chrono::minutes(2)));
    }
    return node.id;
  }

  TempDir folder;
  std::unique_ptr<app::Workspace> workspace;
};

}  // namespace

TEST_CASE(
    "service::close_left_runs: what was begun is incomplete and to be judged, else it waits") {
  LeftBench bench;
  auto& nodes = bench.workspace->nodes();
  const auto waits = bench.begin(1, 0);
  const auto ours = bench.begin(2, 0, service::holder_name());
  const auto headless = bench.begin(3, 1);  // the first node of its lane has ended
  const auto of_another_machine = bench.begin(4, 0, "another.example.org:1");
  auto running = *nodes.node(ours);
  nodes.start(running);

  CHECK(service::close_left_runs(*bench.workspace) == Numbers{2, 3});
  for (const auto node : {ours, headless}) {
    CHECK(nodes.node(node)->state == pipeline::NodeState::done);
    CHECK(nodes.node(node)->result == Verdict::incomplete);
  }
  for (const auto node : {waits, of_another_machine}) {
    CHECK(nodes.node(node)->state == pipeline::NodeState::available);
  }
  Numbers open;
  for (const auto& run : bench.work().open_runs()) {
    open.push_back(run.series);
  }
  CHECK(open == Numbers{1, 4});
  CHECK(bench.work().all().size() == 2);
  // Until their tries begin, they are to be judged.
  CHECK(service::close_left_runs(*bench.workspace) == Numbers{2, 3});
}

TEST_CASE("service::close_left_runs: a run of a series that is gone is closed") {
  LeftBench bench;
  pipeline::SeriesRun run;
  run.series = 5;
  bench.work().open_run(run);
  CHECK(service::close_left_runs(*bench.workspace) == Numbers{5});
  CHECK(bench.work().open_runs().empty());
}

TEST_CASE("service::runs_of_another_setup: once after each change of what is tested") {
  LeftBench bench;
  bench.begin(1, 0);
  CHECK(service::runs_of_another_setup(*bench.workspace) == Numbers{1});
  CHECK(service::runs_of_another_setup(*bench.workspace).empty());
  bench.reopen();
  CHECK(service::runs_of_another_setup(*bench.workspace).empty());
  bench.reopen("jobs:\n  - {name: boot, kind: test, command: [x]}\n");
  CHECK(service::runs_of_another_setup(*bench.workspace) == Numbers{1});
}
