#include "web/service_pages.hpp"

#include "store/outbox.hpp"
#include "support/contains.hpp"
#include "support/store_fixture.hpp"
#include "web/charts.hpp"
#include "web/sample.hpp"
#include "web/timeline.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::web;
using findings::Verdict;
using patchmill::test::on_each_engine;
using patchmill::test::TestStore;
using web::test::Sample;

namespace {

using patchmill::test::contains;

}  // namespace

TEST_CASE("web::read_queue: what runs first, then lanes in the order of a free worker") {
  on_each_engine([](TestStore& store) {
    Sample sample(store.database(), store.blobs(), store.clock(), store.folder() / "live");
    const auto f = sample.fill();
    const auto root = sample.checkout(f.waiting, "net");
    const auto late = sample.plan(root, "late", pipeline::NodeKind::job);
    const auto urgent = sample.plan(root, "urgent", pipeline::NodeKind::job);
    sample.queue(late, 2, 0, "", 10);
    sample.queue(urgent, 3, 0, "", 20, 5, "asked for by bob");
    const auto now = store.clock().now();
    const QueueModel one = read_queue(store.database(), now, {}, 1);
    CHECK(one.running == 1);
    CHECK(one.waiting == 3);
    REQUIRE(one.rows.size() == 4);
    CHECK(one.rows[0].node == f.running_node);
    CHECK(one.rows[0].running);
    CHECK(one.rows[1].name == "boot");  // of the lane that has the worker
    CHECK(one.rows[1].starts_in == 90);
    CHECK(one.rows[2].name == "urgent");
    CHECK(one.rows[2].starts_in == 120);
    CHECK(one.rows[3].name == "late");
    CHECK(one.rows[3].position == 3);
    CHECK(one.empty_in == 150);
    CHECK(one.pauses.size() == 1);
    const QueueModel two = read_queue(store.database(), now, {}, 2);
    CHECK(two.rows[1].name == "urgent");
    CHECK(two.rows[1].starts_in == 0);
    CHECK(two.rows[2].name == "late");
    CHECK(two.rows[3].name == "boot");  // another one is free before its own worker
    CHECK(two.empty_in == 120);
    const QueueModel later = read_queue(store.database(), now + std::chrono::seconds(60), {}, 1);
    CHECK(later.rows[1].starts_in == 30);
    CHECK(later.rows[0].estimate == 90);

    const SiteWords words;
    const std::string html = queue_page(words, two, now).body.string();
    CHECK(contains(html, "asked for by bob"));
    CHECK(contains(html, "the branch is being rebased"));
    CHECK(queue_json(words, two).at("nodes").as_array().size() == 4);
  });
}

TEST_CASE("web::read_queue: in the order of the scheduler, by nodes of its lanes") {
  on_each_engine([](TestStore& store) {
    Sample sample(store.database(), store.blobs(), store.clock(), store.folder() / "live");
    const auto f = sample.fill();
    const auto root = sample.checkout(f.waiting, "net");
    // The first node of lane 2 has ended already.
    sample.queue(sample.plan(root, "second", pipeline::NodeKind::job), 2, 1, "", 10);
    sample.queue(sample.plan(root, "third", pipeline::NodeKind::job), 2, 2, "", 10);
    sample.queue(sample.plan(root, "held", pipeline::NodeKind::job), 3, 0, "", 10, 5);
    sample.queue(sample.plan(root, "fresh", pipeline::NodeKind::job), 4, 0, "", 10, 9);
    const auto now = store.clock().now();
    const QueueModel model = read_queue(store.database(), now, {{2, 5}, {3, std::nullopt}}, 2);
    std::string order;
    for (const QueueRow& row : model.rows) {
      order += fmt::format("{} {}; ", row.position, row.name);
    }
    // The scheduler has not heard of the last but one; it comes after what it named.
    CHECK(order == "0 build-um; 1 second; 2 third; 3 fresh; 4 boot; 5 held; ");
    CHECK(model.rows[1].starts_in == 5);
    CHECK(model.rows[2].starts_in == 15);
    CHECK_FALSE(model.rows[5].starts_in.has_value());
    CHECK_FALSE(model.empty_in.has_value());
    CHECK(contains(queue_page({}, model, now).body.string(), "when resumed"));
  });
}

TEST_CASE("web::read_queue: an empty queue says so") {
  TestStore store(store::Engine::sqlite);
  const auto model = read_queue(store.database(), store.clock().now(), {}, 0);
  CHECK(model.rows.empty());
  CHECK_FALSE(model.empty_in.has_value());
  CHECK(contains(queue_page({}, model, store.clock().now()).body.string(),
                 "Nothing waits and nothing runs"));
}

TEST_CASE("web::read_stats: days without gaps, rates and quantiles") {
  on_each_engine([](TestStore& store) {
    Sample sample(store.database(), store.blobs(), store.clock(), store.folder() / "live");
    const auto f = sample.fill();
    auto never = sample.plan(sample.checkout(f.waiting, "net"), "never", pipeline::NodeKind::job);
    sample.nodes().finish(never, Verdict::skip, "it needs build-um");
    const StatsModel model = read_stats(store.database(), store.clock().now(), 30);
    REQUIRE(model.days.size() == 30);
    CHECK(model.days.back().day == "2026-01-02");
    CHECK(model.days.back().pass == 1);
    CHECK(model.days.back().fail == 1);
    CHECK(model.days[28].fail == 1);
    CHECK(model.days[0].judged() == 0);
    CHECK(model.days.back().run_median.has_value());
    CHECK_FALSE(model.days[0].run_median.has_value());
    const auto build = std::find_if(model.jobs.begin(), model.jobs.end(),
                                    [](const SlowJob& job) { return job.name == "build-um"; });
    REQUIRE(build != model.jobs.end());
    CHECK(build->runs == 2);
    CHECK(build->failed == 1);
    CHECK(build->median == 95);
    // Built-in checks do not wait, and are not timed; what was skipped has never begun.
    CHECK(std::ranges::find(model.jobs, "checkpatch", &SlowJob::name) == model.jobs.end());
    CHECK(std::ranges::find(model.jobs, "never", &SlowJob::name) == model.jobs.end());
    const Page page = stats_page({}, model, 30);
    CHECK(contains(page.body.string(), "33 % of 3 series passed in the last 30 days"));
    CHECK(contains(page.body.string(), "<svg class=\"chart\" role=\"img\""));
    CHECK(stats_json(model).at("days").as_array().size() == 30);
  });
}

TEST_CASE(
    "web::verdict_chart, duration_chart: axes in steps people count in, the newest day named") {
  std::vector<DayStats> days(30);
  for (std::size_t i = 0; i < days.size(); ++i) {
    days[i].day = fmt::format("2026-01-{:02}", i + 1);
  }
  days[3].pass = 46;
  days[3].run_median = 60;
  days[3].run_p90 = 1990;
  const std::string counts = verdict_chart(days).string();
  CHECK(contains(counts, ">80</text>"));
  CHECK_FALSE(contains(counts, ".5</text>"));
  CHECK(contains(counts, ">01-30</text>"));
  const std::string times =
      duration_chart(days, {"x", &DayStats::run_median, &DayStats::run_p90}).string();
  CHECK(contains(times, ">40 min 0 s</text>"));
  CHECK(contains(times, ">10 min 0 s</text>"));
}

TEST_CASE("web::stats_page: a young store has no pictures, but words") {
  TestStore store(store::Engine::sqlite);
  const std::string html =
      stats_page({}, read_stats(store.database(), store.clock().now(), 7), 7).body.string();
  CHECK(contains(html, "No series was judged"));
  CHECK_FALSE(contains(html, "<svg"));
}

TEST_CASE("web::read_health: the worst counts, and the store's own") {
  on_each_engine([](TestStore& store) {
    Sample sample(store.database(), store.blobs(), store.clock(), store.folder() / "live");
    sample.fill();
    HealthModel model = read_health(store.database(), std::nullopt);
    REQUIRE(model.outbox.size() == 1);
    CHECK(model.outbox[0].kind == "mail");
    CHECK(model.outbox[0].waiting == 2);
    CHECK(overall(model) == Condition::good);
    CHECK(contains(health_page({}, model, store.clock().now()).body.string(),
                   "The service does not run here"));
    model.outbox[0].error = "450 not now";
    CHECK(overall(model) == Condition::waiting);
    Health health;
    health.trees = {{"net", "", "main", Condition::waiting, "<b>no route</b>", "", {}, {}}};
    model = read_health(store.database(), health);
    CHECK(overall(model) == Condition::waiting);
    health.sources = {{"imap", "x", Condition::broken, "refused", {}, {}, {}, 0}};
    model = read_health(store.database(), health);
    CHECK(overall(model) == Condition::broken);
    const std::string html = health_page({}, model, store.clock().now()).body.string();
    CHECK(contains(html, "&lt;b&gt;no route"));
    CHECK(health_json({}, model).at("condition") == "broken");
  });
}

TEST_CASE("web::read_health: every way out, with what waits, fails and was sent") {
  on_each_engine([](TestStore& store) {
    Sample sample(store.database(), store.blobs(), store.clock(), store.folder() / "live");
    Health health;
    health.destinations = {{"mail", "SMTP to mx.example.org"}};
    auto model = read_health(store.database(), health);
    REQUIRE(model.outbox.size() == 1);  // also when nothing was ever sent
    CHECK(model.outbox[0].condition() == Condition::good);
    const auto now = store.clock().now();
    const auto minute = std::chrono::minutes(1);
    auto& database = store.database();
    for (const char* key : {"a", "b", "c"}) {
      store::enqueue(database, now, key, "mail", "");
    }
    const auto take = [&] { return store::claim(database, now, "mail", "us", minute)->id; };
    store::mark_sent(database, now + minute, take());
    store::mark_failed(database, take(), "451 <b>later</b>", now + 5 * minute);
    store::mark_failed(database, take(), "550 never", std::nullopt);
    store::enqueue(database, now + minute, "d", "mail", "", now + 9 * minute);
    model = read_health(database, health);
    REQUIRE(model.outbox.size() == 1);
    const OutboxRow& row = model.outbox[0];
    CHECK(row.waiting == 2);
    CHECK(row.failed == 1);
    CHECK(row.waiting_since == now);
    CHECK(row.failing_since == now);
    CHECK(row.next_try == now + 5 * minute);
    CHECK(row.last_sent == now + minute);
    CHECK(row.error == "550 never");
    CHECK(overall(model) == Condition::waiting);
    const std::string html = health_page({}, model, now).body.string();
    CHECK(contains(html, "SMTP to mx.example.org"));
    CHECK(contains(html, to_iso(now + 5 * minute)));
    const auto json = health_json({}, model);
    CHECK(json.at("outbox").at(0).at("next_try") == boost::json::value(to_iso(now + 5 * minute)));
    CHECK(json.at("outbox").at(0).at("where") == "SMTP to mx.example.org");
  });
}

TEST_CASE("web::read_health: a worker has the node of its lane that runs now") {
  on_each_engine([](TestStore& store) {
    Sample sample(store.database(), store.blobs(), store.clock(), store.folder() / "live");
    const auto f = sample.fill();
    Health health;
    health.workers.resize(2);
    health.workers[0].lane = 1;
    health.workers[1].lane = 77;  // has just ended
    auto model = read_health(store.database(), health);
    CHECK(model.service->workers[0].node == f.running_node);
    CHECK_FALSE(model.service->workers[1].node.has_value());
    auto node = *sample.nodes().node(f.running_node);
    sample.finish(node, Verdict::pass, "", "log");
    model = read_health(store.database(), health);
    const auto next = model.service->workers[0].node;
    REQUIRE(next.has_value());
    CHECK(sample.nodes().node(*next)->name == "boot");
    CHECK(health_json({}, model).at("workers").at(0).at("node") == *next);
  });
}

TEST_CASE("web::timeline_svg: a bar a node, words for those who do not see it") {
  std::vector<pipeline::Node> nodes(100);
  const Timestamp begin = from_micros(1'700'000'000'000'000);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    nodes[i].name = "<n" + std::to_string(i) + ">";
    nodes[i].created = begin;
    nodes[i].started = begin + std::chrono::seconds(i);
    nodes[i].finished = begin + std::chrono::seconds(2 * i + 1);
    nodes[i].result = Verdict::fail;
  }
  nodes[99].finished.reset();
  nodes[99].result.reset();
  const std::string svg = timeline_svg(nodes, begin + std::chrono::seconds(400)).string();
  CHECK(contains(svg, "aria-label=\"Timeline: 60 nodes in 6 min 40 s; the table"));
  CHECK(contains(svg, "&lt;n98&gt;: fail, waited 1 min 38 s, ran 1 min 39 s"));
  CHECK(contains(svg, "&lt;n99&gt;: running"));
  CHECK_FALSE(contains(svg, "<n"));
  CHECK(timeline_svg({}, begin).empty());
  CHECK(timeline_svg(std::vector<pipeline::Node>(3), begin).empty());
}
