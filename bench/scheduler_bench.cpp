// The queue of nodes: how long a restart takes with a long one, and what a node costs beside its
// job. Asked: 1 s for 100 000 nodes, 5 ms a node. PATCHMILL_BENCH_NODES: how many.

#include "pipeline/node_store.hpp"
#include "pipeline/work_store.hpp"
#include "service/scheduler.hpp"
#include "store/migrations.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

using namespace patchmill;

namespace {

using Seconds = std::chrono::duration<double>;

double since(std::chrono::steady_clock::time_point begun) {
  return Seconds(std::chrono::steady_clock::now() - begun).count();
}

constexpr int k_per_series = 10;

void fill(store::Database& database, const Clock& clock, int count) {
  store::Transaction transaction(database);
  pipeline::NodeStore nodes(database, clock);
  pipeline::WorkStore work(database);
  for (int i = 0; i < count; ++i) {
    pipeline::Node node;
    node.series = i / k_per_series + 1;
    node.name = fmt::format("job-{}", i % k_per_series);
    node.tree = "tree";
    node.commit = "abc";
    node = nodes.create(node);
    pipeline::QueuedNode queued;
    queued.node = queued.lane = node.id;
    queued.series = node.series;
    queued.project = fmt::format("project-{}", i % 7);
    queued.author = fmt::format("author-{}@example.org", i / k_per_series % 300);
    queued.queued = queued.ready_at = clock.now();
    queued.estimate = std::chrono::seconds(30);
    work.enqueue(queued);
  }
  transaction.commit();
}

}  // namespace

int main() {
  const char* wanted = std::getenv("PATCHMILL_BENCH_NODES");
  const int count = static_cast<int>(
      std::max<std::uint64_t>(1000, parse_uint(wanted != nullptr ? wanted : "").value_or(100'000)));
  const TempDir folder("patchmill-bench");
  const std::string url = (folder.path() / "store.sqlite").string();
  const SystemClock clock;
  {
    const auto database = store::Database::open(url);
    store::migrate(*database);
    fill(*database, clock, count);
  }
  // A restart: the store opened, every row read, the first lane handed out.
  const auto begun = std::chrono::steady_clock::now();
  service::Scheduler scheduler([&] { return store::Database::open(url); }, clock, "bench:1");
  scheduler.load();
  std::stop_source stop;
  auto claim = scheduler.take("w", stop.get_token());
  const double restart = since(begun);

  // Everything a node costs but its job: handed out, started, ended, out of the queue.
  const auto database = store::Database::open(url);
  pipeline::NodeStore nodes(*database, clock);
  pipeline::WorkStore work(*database);
  const int rounds = std::min(count - 1, 2000);
  const auto first = std::chrono::steady_clock::now();
  for (int i = 0; i < rounds; ++i) {
    auto node = *nodes.node(claim->lane);
    nodes.start(node);
    {
      store::Transaction transaction(*database);
      if (!work.remove(node.id)) {
        fmt::print(stderr, "node {} was not in the queue\n", node.id);
        return 1;
      }
      nodes.finish(node, findings::Verdict::pass, "passed");
      transaction.commit();
    }
    scheduler.done(claim);
    claim = scheduler.take("w", stop.get_token());
  }
  const double each = since(first) / rounds;
  fmt::print("{} nodes in the queue: restart {:.3f} s, {:.3f} ms a node\n", count, restart,
             each * 1e3);
  fmt::print("scheduler ratio {:.2f} (ours {:.2f} ms, peer 5 ms)\n", 5e-3 / each, each * 1e3);
  fmt::print("restart ratio {:.2f} (ours {:.3f} s, peer 1 s)\n", 1.0 / restart, restart);
  return 0;
}
