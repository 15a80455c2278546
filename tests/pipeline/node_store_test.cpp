#include "pipeline/node_store.hpp"

#include "pipeline/work_store.hpp"
#include "store/event_log.hpp"
#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::pipeline;
using findings::Verdict;

namespace {

Node named(std::string name, std::optional<int> patch = std::nullopt) {
  Node node;
  node.series = 7;
  node.name = std::move(name);
  node.patch = patch;
  node.kind = NodeKind::kbuild;
  node.commit = "abc";
  node.tree = "main";
  node.reproducer = "#!/bin/sh\n";
  return node;
}

std::vector<std::string> kinds(store::Database& database) {
  std::vector<std::string> result;
  for (const auto& event : store::events_after(database, 0, 100)) {
    result.push_back(event.kind);
  }
  return result;
}

}  // namespace

TEST_CASE("pipeline::NodeStore::create: unique, and each change with its event") {
  test::on_each_engine([](test::TestStore& store) {
    NodeStore nodes(store.database(), store.clock());
    Node node = nodes.create(named("build"));
    CHECK(node.id > 0);
    CHECK(nodes.create(named("build")).id == node.id);
    CHECK(nodes.create(named("build", 1)).id != node.id);
    Node again = named("build");
    again.attempt = 2;
    CHECK(nodes.create(again).id != node.id);

    store.clock().advance(std::chrono::seconds(5));
    nodes.start(node);
    store.clock().advance(std::chrono::seconds(5));
    findings::Finding finding;
    finding.tool = "cc";
    finding.rule = "-Wunused";
    finding.file = "a.c";
    finding.line = 3;
    finding.function = "f";
    finding.message = std::string("bad \xff\0 byte", 11);
    finding.detail = "more";
    nodes.finish(node, Verdict::fail, "1 new warning", {finding},
                 {{"log", std::string(64, 'a'), 12}, {"ktap", std::string(64, 'b'), 0}});
    const auto read = nodes.node(node.id);
    REQUIRE(read);
    CHECK(read->state == NodeState::done);
    CHECK(read->result == Verdict::fail);
    CHECK(read->summary == "1 new warning");
    CHECK(read->kind == NodeKind::kbuild);
    CHECK_FALSE(read->patch);
    CHECK(*read->finished - *read->started == std::chrono::seconds(5));
    CHECK(*read->started - *read->created == std::chrono::seconds(5));
    CHECK(read->reproducer == "#!/bin/sh\n");
    const auto findings = nodes.findings_of(node.id);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].message == "bad \u00ff\ufffd byte");
    CHECK(findings[0].line == 3);
    CHECK(findings[0].detail == "more");
    const auto artifacts = nodes.artifacts_of(node.id);
    REQUIRE(artifacts.size() == 2);
    CHECK(artifacts[0].name == "log");
    CHECK(artifacts[0].size == 12);
    CHECK(kinds(store.database()) == std::vector<std::string>{"node-created", "node-created",
                                                              "node-created", "node-started",
                                                              "node-done"});
    CHECK_FALSE(nodes.node(999));
  });
}

TEST_CASE("pipeline::NodeStore::of_series: parents before children") {
  test::on_each_engine([](test::TestStore& store) {
    NodeStore nodes(store.database(), store.clock());
    Node child = named("child");
    child.parent = 2;  // made before its parent
    nodes.create(child);
    nodes.create(named("root"));
    Node other = named("other");
    other.series = 8;
    nodes.create(other);
    const auto all = nodes.of_series(7);
    REQUIRE(all.size() == 2);
    CHECK(all[0].name == "root");
    CHECK(all[1].parent == all[0].id);
  });
}

TEST_CASE("pipeline::NodeStore::close_orphans: what a dead process left is incomplete, once") {
  test::on_each_engine([](test::TestStore& store) {
    NodeStore nodes(store.database(), store.clock());
    Node waiting = nodes.create(named("waiting"));
    Node running = nodes.create(named("running"));
    nodes.start(running);
    CHECK(nodes.close_orphans() == 1);
    CHECK(nodes.close_orphans() == 0);
    CHECK(nodes.node(running.id)->result == Verdict::incomplete);
    CHECK(nodes.node(running.id)->summary.find("says nothing about the patch") !=
          std::string::npos);
    CHECK(nodes.node(waiting.id)->state == NodeState::available);
    // A late start does not open it again, nor is it told of.
    const auto ended = nodes.node(running.id);
    const auto started = [&] {
      return store.database().one<std::int64_t>(
          "SELECT count(*) FROM events WHERE kind = 'node-started'");
    };
    const auto told = started();
    running.runtime = "another";
    store.clock().advance(std::chrono::seconds(5));
    nodes.start(running);
    CHECK(running.state == NodeState::running);
    CHECK(nodes.node(running.id)->state == NodeState::done);
    CHECK(nodes.node(running.id)->started == ended->started);
    CHECK(nodes.node(running.id)->runtime == ended->runtime);
    CHECK(started() == told);
  });
}

TEST_CASE("pipeline::NodeStore::retries_due: in time, also when the clock was set back") {
  test::on_each_engine([](test::TestStore& store) {
    NodeStore nodes(store.database(), store.clock());
    const Timestamp now = store.clock().now();
    const auto minute = std::chrono::minutes(1);
    nodes.set_verdict(7, {Verdict::incomplete, "", now, "k", 1, now + minute});
    nodes.set_verdict(8, {Verdict::incomplete, "", now, "k", 1, now});  // waits for news
    using Numbers = std::vector<std::int64_t>;
    CHECK(nodes.retries_due(now, 9).empty());
    CHECK_FALSE(nodes.verdict(7)->retry_due(now));
    CHECK(nodes.verdict(8)->retry_due(now));
    CHECK(nodes.retries_due(now + minute, 9) == Numbers{7});
    CHECK(nodes.verdict(7)->retry_due(now + minute));
    const Timestamp back = now - std::chrono::hours(24 * 400);
    CHECK(nodes.retries_due(back, 9) == Numbers{7});
    CHECK(nodes.verdict(7)->retry_due(back));
    CHECK(nodes.verdict(8)->retry_due(back));
    CHECK(nodes.retries_due(now - minute / 2, 9).empty());  // corrected by a little
    nodes.put_off_retry(7, back, back + minute);
    CHECK(nodes.retries_due(back, 9).empty());
    CHECK(nodes.retries_due(back + minute, 9) == Numbers{7});
    nodes.put_off_retry(7, back + minute, back + 3 * minute);
    nodes.put_off_retry(7, back + 2 * minute, back + 9 * minute);  // is not due
    CHECK(nodes.next_retry(back) == back + 3 * minute);
    nodes.end_retries(7);
    CHECK(nodes.retries_due(back + 9 * minute, 9).empty());
    CHECK_FALSE(nodes.verdict(7)->retry_at.has_value());
  });
}

TEST_CASE("pipeline::NodeStore::retries_due: not what is being tried") {
  test::on_each_engine([](test::TestStore& store) {
    NodeStore nodes(store.database(), store.clock());
    const Timestamp now = store.clock().now();
    nodes.set_verdict(7, {Verdict::incomplete, "", now - std::chrono::minutes(1), "k", 1, now});
    CHECK(nodes.retries_due(now, 9).size() == 1);
    WorkStore work(store.database());
    SeriesRun run;
    run.series = 7;
    run.attempt = 2;
    run.started = now;
    work.open_run(run);
    CHECK(nodes.retries_due(now, 9).empty());
    CHECK(work.close_run(7, 2, now));
    CHECK(nodes.retries_due(now, 9).size() == 1);
  });
}

TEST_CASE("pipeline::NodeStore::waiting_for_news: page by page, newest first") {
  test::on_each_engine([](test::TestStore& store) {
    NodeStore nodes(store.database(), store.clock());
    const Timestamp now = store.clock().now();
    for (const std::int64_t series : {3, 9, 5, 7}) {
      nodes.set_verdict(series, {Verdict::incomplete, "", now, "k", 1, now});
    }
    using Numbers = std::vector<std::int64_t>;
    CHECK(nodes.waiting_for_news(3) == Numbers{9, 7, 5});
    CHECK(nodes.waiting_for_news(3, 5) == Numbers{3});
    CHECK(nodes.waiting_for_news(3, 3).empty());
  });
}

TEST_CASE("pipeline::NodeStore::skipped_later_than: only skips, only of the future") {
  test::on_each_engine([](test::TestStore& store) {
    NodeStore nodes(store.database(), store.clock());
    const Timestamp now = store.clock().now();
    const auto year = std::chrono::hours(24 * 365);
    nodes.set_verdict(7, {Verdict::skip, "", now + year, "k", 1, {}});
    nodes.set_verdict(8, {Verdict::skip, "", now, "k", 1, {}});
    nodes.set_verdict(9, {Verdict::pass, "", now + year, "k", 1, {}});
    CHECK(nodes.skipped_later_than(now, 9) == std::vector<std::int64_t>{7});
    CHECK(nodes.skipped_later_than(now + year, 9).empty());
  });
}

TEST_CASE("pipeline::NodeStore::set_verdict: the last one stands, each with its event") {
  test::on_each_engine([](test::TestStore& store) {
    NodeStore nodes(store.database(), store.clock());
    CHECK_FALSE(nodes.verdict(7));
    nodes.set_verdict(7, {Verdict::fail, "build: 1 error", store.clock().now(), "k1", 1, {}});
    nodes.set_verdict(7, {Verdict::pass, "all passed", store.clock().now(), "k2", 1, {}});
    const auto verdict = nodes.verdict(7);
    REQUIRE(verdict);
    CHECK(verdict->verdict == Verdict::pass);
    CHECK(verdict->reason == "all passed");
    CHECK(verdict->content_key == "k2");
    CHECK(verdict->time == store.clock().now());
    const auto events = store::events_after(store.database(), 0, 10);
    REQUIRE(events.size() == 2);
    CHECK(events[1].kind == "series-verdict");
    CHECK(events[1].payload == R"({"verdict":"pass","reason":"all passed"})");
  });
}
