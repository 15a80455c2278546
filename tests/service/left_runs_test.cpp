#include "service/left_runs.hpp"

#include "app/run_end.hpp"
#include "pipeline/work_store.hpp"
#include "service/holder.hpp"
#include "support/store_fixture.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace patchmill;
using findings::Verdict;
using Numbers = std::vector<std::int64_t>;

namespace {

struct LeftBench {
  explicit LeftBench(std::string url = "") : store_url(std::move(url)) { reopen(); }

  void reopen(const std::string& more = "") {
    workspace.reset();
    auto config = app::parse_config(folder.path() / "c.yaml", "data: data\n" + more);
    REQUIRE_MESSAGE(config.has_value(), config.error().message);
    if (!store_url.empty()) {
      config->store_url = store_url;
    }
    auto opened = app::Workspace::open(*config);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().message);
    workspace = *std::move(opened);
  }

  pipeline::WorkStore work() { return pipeline::WorkStore(workspace->database()); }

  Numbers open() {
    Numbers series;
    for (const auto& run : work().open_runs()) {
      series.push_back(run.series);
    }
    return series;
  }

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
  const std::string store_url;  // empty: in the data folder
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
  auto running = *nodes.node(ours);
  nodes.start(running);

  CHECK(service::close_left_runs(*bench.workspace) == Numbers{2, 3});
  for (const auto node : {ours, headless}) {
    CHECK(nodes.node(node)->state == pipeline::NodeState::done);
    CHECK(nodes.node(node)->result == Verdict::incomplete);
    CHECK(nodes.node(node)->summary == app::k_died_meanwhile);
  }
  CHECK(nodes.node(waits)->state == pipeline::NodeState::available);
  CHECK(bench.open() == Numbers{1});
  CHECK(bench.work().all().size() == 1);
  // Until their tries begin, they are to be judged.
  CHECK(service::close_left_runs(*bench.workspace) == Numbers{2, 3});
}

TEST_CASE("service::close_left_runs: the machine had another name, as a new container has") {
  LeftBench bench;  // the store is in the data folder
  auto& nodes = bench.workspace->nodes();
  const auto left = bench.begin(1, 0, "C1:1/worker-1");
  const auto rest_of_lane = bench.begin(2, 1, "C1:1/worker-2");
  CHECK(service::close_left_runs(*bench.workspace) == Numbers{1, 2});
  for (const auto node : {left, rest_of_lane}) {
    CHECK(nodes.node(node)->result == Verdict::incomplete);
  }
  CHECK(bench.open().empty());
  CHECK(bench.work().all().empty());
}

TEST_CASE("service::close_left_runs: where others may have the store, their leases count") {
  const auto theirs_stay = [](LeftBench& bench) {
    auto& nodes = bench.workspace->nodes();
    const auto theirs = bench.begin(1, 0, "another.example.org:1/worker-1");
    const auto rest_of_lane = bench.begin(2, 1, "another.example.org:1/worker-2");
    bench.begin(3, 0, service::holder_name() + "/worker-1");
    CHECK(service::close_left_runs(*bench.workspace) == Numbers{3});
    for (const auto node : {theirs, rest_of_lane}) {
      CHECK(nodes.node(node)->state == pipeline::NodeState::available);
    }
    CHECK(bench.open() == Numbers{1, 2});
    const auto now = bench.workspace->clock().now();
    CHECK(bench.work().expired(now).empty());
    CHECK(bench.work().expired(now + std::chrono::minutes(3)).size() == 2);
  };
  // A file that is not in the data folder, or PostgreSQL.
  test::on_each_engine(
      [&](test::TestStore& store) {
        LeftBench bench(store.url());
        theirs_stay(bench);
      },
      false);
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
