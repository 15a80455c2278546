#include "pipeline/work_store.hpp"

#include "pipeline/node_store.hpp"
#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::pipeline;

namespace {

Timestamp at(int second) {
  return Timestamp(std::chrono::seconds(1'700'000'000 + second));
}

QueuedNode queued(std::int64_t node, std::int64_t lane, int position, std::int64_t series = 7) {
  QueuedNode result;
  result.node = node;
  result.lane = lane;
  result.position = position;
  result.series = series;
  result.project = "net";
  result.author = "a@example.org";
  result.queued = at(1);
  result.ready_at = at(2);
  result.estimate = std::chrono::seconds(30);
  return result;
}

}  // namespace

TEST_CASE("pipeline::WorkStore: a run is open until somebody has the last word") {
  test::on_each_engine([](test::TestStore& store) {
    WorkStore work(store.database());
    CHECK_FALSE(work.open_run_of(7).has_value());
    work.open_run({7, 2, 11, "net", "key", "abc", "v6.1", at(1), std::nullopt});
    work.open_run({8, 1, 12, "mm", "key2", "", "", at(0), std::nullopt});
    const auto run = work.open_run_of(7);
    REQUIRE(run.has_value());
    CHECK(run->attempt == 2);
    CHECK(run->checkout == 11);
    CHECK(run->project == "net");
    CHECK(run->content_key == "key");
    CHECK(run->base_commit == "abc");
    CHECK(run->base_described == "v6.1");
    CHECK(run->started == at(1));
    REQUIRE(work.open_runs().size() == 2);
    CHECK(work.open_runs()[0].series == 8);
    CHECK(work.close_run(7, 2, at(9)));
    CHECK_FALSE(work.close_run(7, 2, at(10)));
    CHECK_FALSE(work.open_run_of(7).has_value());
    CHECK(work.run(7, 2)->finished == at(9));
    CHECK_FALSE(work.run(7, 1).has_value());
  });
}

TEST_CASE("pipeline::WorkStore: what is to be judged is kept until a try begins") {
  test::on_each_engine([](test::TestStore& store) {
    WorkStore work(store.database());
    work.note_pending({7, std::nullopt, 1000});
    work.note_pending({8, at(9), 0});
    work.note_pending({9, at(5), 0});
    // The earlier place, the higher priority.
    work.note_pending({8, at(3), 1000});
    work.note_pending({8, at(4), 0});
    work.note_pending({8, std::nullopt, 0});
    const auto pending = work.pending();
    REQUIRE(pending.size() == 3);
    CHECK(pending[0].series == 8);
    CHECK(pending[0].queued == at(3));
    CHECK(pending[0].priority == 1000);
    CHECK(pending[1].series == 9);
    CHECK(pending[1].priority == 0);
    CHECK(pending[2].series == 7);
    CHECK_FALSE(pending[2].queued.has_value());
    work.note_pending({7, at(8), 0});
    CHECK(work.pending_of(7)->queued == at(8));
    work.open_run({8, 1, 12, "mm", "key2", "", "", at(0), std::nullopt});
    CHECK_FALSE(work.pending_of(8).has_value());
    work.clear_pending(7);
    work.clear_pending(9);
    CHECK(work.pending().empty());
  });
}

TEST_CASE("pipeline::WorkStore: a lane has one worker until its lease ends") {
  test::on_each_engine([](test::TestStore& store) {
    WorkStore work(store.database());
    work.enqueue(queued(21, 20, 1));
    work.enqueue(queued(20, 20, 0));
    work.enqueue(queued(30, 30, 0, 8));
    const auto all = work.all();
    REQUIRE(all.size() == 3);
    CHECK(all[0].node == 20);
    CHECK(all[1].node == 21);
    CHECK(all[1].ready_at == at(2));
    CHECK(all[1].estimate == std::chrono::seconds(30));
    CHECK_FALSE(all[1].lease_until.has_value());

    CHECK(work.claim(20, "w1", at(100)));
    CHECK_FALSE(work.claim(20, "w2", at(100)));
    CHECK_FALSE(work.claim(99, "w2", at(100)));
    CHECK(work.lane(20)[1].worker == "w1");
    CHECK(work.extend(20, "w1", at(200)));
    CHECK_FALSE(work.extend(20, "w2", at(200)));
    CHECK(work.expired(at(200)).empty());
    CHECK(work.expired(at(201)) == std::vector<std::int64_t>{20});

    CHECK(work.any_of_run(7, 1));
    CHECK_FALSE(work.any_of_run(7, 2));
    CHECK(work.remove(20));
    CHECK_FALSE(work.remove(20));
    CHECK(work.remove(21));
    CHECK_FALSE(work.any_of_run(7, 1));
  });
}

TEST_CASE("pipeline::WorkStore::usual_duration: of runs that came to an end") {
  test::on_each_engine([](test::TestStore& store) {
    WorkStore work(store.database());
    NodeStore nodes(store.database(), store.clock());
    CHECK_FALSE(work.usual_duration("build").has_value());
    const auto ran = [&](int attempt, int length, findings::Verdict verdict) {
      Node node;
      node.series = 7;
      node.name = "build";
      node.attempt = attempt;
      node = nodes.create(node);
      nodes.start(node);
      store.clock().advance(std::chrono::seconds(length));
      nodes.finish(node, verdict, "");
    };
    ran(1, 10, findings::Verdict::pass);
    ran(2, 20, findings::Verdict::fail);
    ran(3, 900, findings::Verdict::incomplete);
    CHECK(work.usual_duration("build") == std::chrono::seconds(20));
    // The clock was set while it ran.
    ran(4, 400 * 86400, findings::Verdict::pass);
    ran(5, -400 * 86400, findings::Verdict::pass);
    CHECK(work.usual_duration("build") == std::chrono::seconds(20));
    CHECK_FALSE(work.usual_duration("boot").has_value());
  });
}
