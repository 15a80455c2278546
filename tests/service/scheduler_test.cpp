#include "service/scheduler.hpp"

#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

#include <thread>

using namespace patchmill;
using namespace std::chrono_literals;
using service::Scheduler;

namespace {

struct QueueBench {
  explicit QueueBench(test::TestStore& the_store) : store(the_store), work(store.database()) {
    scheduler = std::make_unique<Scheduler>([this] { return store.connect(); }, store.clock(),
                                            "here:1", 60s);
  }

  // A lane of one node; its number is the lane's.
  void add(std::int64_t node, std::int64_t series, const std::string& author,
           const std::string& project = "net", std::chrono::seconds estimate = 10s) {
    pipeline::QueuedNode queued;
    queued.node = queued.lane = node;
    queued.series = series;
    queued.project = project;
    queued.author = author;
    queued.queued = store.clock().now();
    queued.estimate = estimate;
    work.enqueue(queued);
  }
  std::int64_t take() {
    std::stop_source stop;
    std::jthread impatient([&](const std::stop_token& done) {
      for (int i = 0; i < 300 && !done.stop_requested(); ++i) {
        std::this_thread::sleep_for(1ms);
      }
      stop.request_stop();
    });
    auto claim = scheduler->take("w", stop.get_token());
    if (claim) {
      claims[claim->lane] = claim;
    }
    return claim ? claim->lane : 0;
  }

  test::TestStore& store;
  pipeline::WorkStore work;
  std::unique_ptr<Scheduler> scheduler;
  std::map<std::int64_t, std::shared_ptr<service::Claim>> claims;
};

}  // namespace

TEST_CASE("service::Scheduler: lanes are taken in turn of their authors, once") {
  test::on_each_engine([](test::TestStore& store) {
    QueueBench bench(store);
    bench.add(1, 1, "flood");
    bench.add(2, 2, "flood");
    bench.add(3, 3, "flood");
    bench.scheduler->load();
    bench.add(4, 4, "quiet");
    bench.scheduler->refresh_series(4);
    CHECK(bench.scheduler->counts().waiting == 4);
    CHECK(bench.take() == 1);
    CHECK(bench.take() == 4);
    CHECK(bench.scheduler->counts().running == 2);
    // Nobody gets what somebody has, whoever looks.
    bench.scheduler->load();
    CHECK(bench.take() == 2);
    QueueBench other(store);
    other.scheduler->load();
    CHECK(other.take() == 3);
    CHECK(bench.take() == 0);
    CHECK(bench.work.lane(4)[0].worker == "here:1/w");
  });
}

TEST_CASE("service::Scheduler: a worker waits until there is something") {
  test::on_each_engine([](test::TestStore& store) {
    QueueBench bench(store);
    std::stop_source stop;
    std::atomic<std::int64_t> got{0};
    std::jthread worker([&] {
      if (const auto claim = bench.scheduler->take("w", stop.get_token())) {
        got = claim->lane;
      }
    });
    bench.add(7, 7, "a");
    bench.scheduler->refresh_series(7);
    worker.join();
    CHECK(got == 7);
  });
}

TEST_CASE("service::Scheduler: a cancelled series runs no longer and waits no longer") {
  test::on_each_engine([](test::TestStore& store) {
    QueueBench bench(store);
    bench.add(1, 5, "a");
    bench.add(2, 5, "a");
    bench.add(3, 6, "b");
    bench.scheduler->load();
    CHECK(bench.take() == 1);
    bench.scheduler->cancel(5);
    CHECK(bench.claims[1]->stop.stop_requested());
    CHECK(bench.take() == 3);
    CHECK(bench.take() == 0);
    bench.scheduler->done(bench.claims[1]);
    CHECK(bench.scheduler->counts().running == 1);
  });
}

TEST_CASE("service::Scheduler: what is paused is held back, and says why") {
  test::on_each_engine([](test::TestStore& store) {
    QueueBench bench(store);
    bench.add(1, 1, "a", "net");
    bench.add(2, 2, "b", "mm");
    bench.scheduler->load();
    pipeline::Pauses pauses(store.database(), store.clock());
    REQUIRE(pauses.pause(pipeline::PauseScope::project("net"), "carla", "no disk").has_value());
    bench.scheduler->set_pauses(pauses.list());
    CHECK(bench.scheduler->counts().held == 1);
    const auto order = bench.scheduler->order(10, 1);
    REQUIRE(order.size() == 2);
    CHECK(order[0].lane == 2);
    CHECK(order[0].starts_in == 0s);
    CHECK(order[1].lane == 1);
    CHECK_FALSE(order[1].starts_in.has_value());
    CHECK(order[1].why == "paused by carla: no disk");
    CHECK(bench.take() == 2);
    CHECK(bench.take() == 0);
    bench.scheduler->set_pauses({});
    CHECK(bench.take() == 1);
  });
}

TEST_CASE("service::Scheduler::order: estimates from what runs and what is before") {
  test::on_each_engine([](test::TestStore& store) {
    QueueBench bench(store);
    bench.add(1, 1, "a", "net", 100s);
    bench.scheduler->load();
    CHECK(bench.take() == 1);
    store.clock().advance(40s);
    bench.add(2, 2, "b", "net", 30s);
    bench.add(3, 3, "c", "net", 50s);
    bench.add(4, 4, "d", "net", 50s);
    bench.scheduler->load();
    const auto order = bench.scheduler->order(10, 2);
    REQUIRE(order.size() == 3);
    CHECK(order[0].starts_in == 0s);   // the second worker is free
    CHECK(order[1].starts_in == 30s);  // after the first of these
    CHECK(order[2].starts_in == 60s);  // when the running one ends
    CHECK(order[1].why == "every worker is busy");
    CHECK(bench.scheduler->order(1, 2).size() == 1);
    // The clock is set, far ahead and far back: what runs takes what it usually takes.
    store.clock().advance(std::chrono::hours(24 * 400));
    CHECK(bench.scheduler->order(10, 1)[0].starts_in == 0s);
    store.clock().advance(std::chrono::hours(-24 * 800));
    CHECK(bench.scheduler->order(10, 1)[0].starts_in == 100s);
  });
}

TEST_CASE("service::Scheduler::keep_leases: the living keep theirs, the dead lose it") {
  test::on_each_engine([](test::TestStore& store) {
    QueueBench dead(store);
    dead.add(1, 1, "a");
    dead.add(2, 2, "a");
    dead.scheduler->load();
    CHECK(dead.take() == 1);

    QueueBench living(store);
    living.scheduler->load();
    CHECK(living.take() == 2);
    store.clock().advance(50s);
    CHECK(living.scheduler->keep_leases().empty());
    store.clock().advance(50s);
    CHECK(living.scheduler->keep_leases() == std::vector<std::int64_t>{1});
    // Taken away and given to somebody else: whoever had it has to stop.
    store.database().exec("UPDATE queue SET worker = '', lease_until = NULL WHERE lane = 1");
    CHECK(living.work.claim(1, "there:2/w", store.clock().now() + 60s));
    dead.scheduler->keep_leases();
    CHECK(dead.claims[1]->stop.stop_requested());
    CHECK_FALSE(living.claims[2]->stop.stop_requested());
  });
}
