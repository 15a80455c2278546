#include "http/target.hpp"
#include "service/metrics_text.hpp"
#include "service/ops_endpoints.hpp"
#include "support/store_fixture.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include <map>
#include <set>

using namespace patchmill;
using namespace patchmill::service;

namespace {

// Strict enough for what Prometheus' own parser refuses: names, one HELP and TYPE a family before
// its samples, families in one piece, numbers.
std::map<std::string, double> parse(const std::string& text) {
  std::map<std::string, double> samples;
  std::set<std::string> families;
  std::string family, type;
  REQUIRE(text.ends_with("\n"));
  for (const auto line : split_lines(text)) {
    CAPTURE(std::string(line));
    const auto words = split(line, ' ');
    if (line.starts_with("# HELP ")) {
      family = words.at(2);
      CHECK(families.insert(family).second);
      continue;
    }
    if (line.starts_with("# TYPE ")) {
      CHECK(words.at(2) == family);
      type = words.at(3);
      CHECK((type == "gauge" || type == "counter" || type == "histogram"));
      CHECK((type != "counter" || family.ends_with("_total") || family.ends_with("_id")));
      continue;
    }
    const auto end = line.find_first_of("{ ");
    const std::string name(line.substr(0, end));
    CHECK((name == family || (type == "histogram" && name.starts_with(family + "_"))));
    CHECK((name.starts_with("patchmill_") || name.starts_with("process_")));
    const auto last = line.rfind(' ');
    samples[std::string(line.substr(0, last))] = std::stod(std::string(line.substr(last + 1)));
  }
  return samples;
}

}  // namespace

TEST_CASE("service::MetricsText: escapes, whole numbers, cumulated buckets") {
  MetricsText out;
  out.family("patchmill_x", "gauge", "one\\two\nthree");
  out.sample(3, {{"a", "q\"b\\c\nd"}, {"e", "\xff"}});
  out.sample(0.25);
  out.sample(12345678901, {});
  out.family("patchmill_h", "histogram", "h");
  out.histogram({0.5, 10}, {2, 0, 1}, 21.5, {{"k", "v"}});
  CHECK(out.take() ==
        "# HELP patchmill_x one\\\\two\\nthree\n# TYPE patchmill_x gauge\n"
        "patchmill_x{a=\"q\\\"b\\\\c\\nd\",e=\"\u00ff\"} 3\npatchmill_x 0.25\n"
        "patchmill_x 12345678901\n"
        "# HELP patchmill_h h\n# TYPE patchmill_h histogram\n"
        "patchmill_h_bucket{k=\"v\",le=\"0.5\"} 2\npatchmill_h_bucket{k=\"v\",le=\"10\"} 2\n"
        "patchmill_h_bucket{k=\"v\",le=\"+Inf\"} 3\npatchmill_h_sum{k=\"v\"} 21.5\n"
        "patchmill_h_count{k=\"v\"} 3\n");
}

TEST_CASE("service::Histogram::add: a value on the bound belongs below it") {
  Histogram histogram({1, 2});
  for (const double value : {0.5, 1.0, 1.5, 2.0, 9.0}) {
    histogram.add(value);
  }
  CHECK(histogram.counts == std::vector<std::uint64_t>{2, 2, 1});
  CHECK(histogram.sum == 14);
}

TEST_CASE("service::Gauges: labels do not grow without bounds") {
  Gauges gauges;
  for (int i = 0; i < 3000; ++i) {
    http::RequestRecord record;
    const std::string method = "M" + std::to_string(i);
    record.method = method;
    record.status = i;
    gauges.http_request(record);
  }
  const auto counted = gauges.snapshot();
  CHECK(counted.http.size() <= 7);
}

TEST_CASE("service::OpsEndpoints::metrics: every family is well formed, with the store's figures") {
  test::on_each_engine([](test::TestStore& store) {
    auto& db = store.database();
    db.exec(
        "INSERT INTO series_verdicts (series, verdict, reason, time, content_key, attempts) "
        "VALUES (1, 'fail', '', 0, '', 1), (2, 'fail', '', 0, '', 1), (3, 'pass', '', 0, '', 1)");
    const auto queue = [&](int node, const std::string& project, const std::string& worker) {
      db.exec(
          "INSERT INTO queue (node, lane, position, series, attempt, project, author, priority, "
          "queued, ready_at, estimate, worker, lease_until, note) "
          "VALUES (?, 1, 1, 1, 1, ?, 'a', 0, ?, 0, 1, ?, NULL, '')",
          node, project, to_micros(store.clock().now() - std::chrono::seconds(node)), worker);
    };
    queue(1, "netdev", "");
    queue(30, "netdev", "");
    queue(3, "netdev", "w");
    queue(4, "not \"configured\"", "");
    Gauges gauges;
    gauges.node_done(pipeline::NodeKind::kbuild, findings::Verdict::pass, std::chrono::seconds(7));
    gauges.first_verdict(std::chrono::milliseconds(900));
    PartFigures parts;
    intake::SourceHealth source;
    source.name = "l\"tp";
    source.mails = 5;
    source.failed = 3;
    source.last_success = from_micros(7'500'000);
    parts.sources.push_back(source);
    TreeHealth tree;
    tree.name = "mainline";
    tree.fetches = 4;
    tree.failures = 1;
    parts.trees.push_back(tree);
    parts.mail.sent = 6;
    parts.mail.in_doubt = 1;
    parts.workers = 2;
    parts.workers_busy = 1;
    HealthState health(store.clock());
    health.set(Part::sources, "x", PartState::down, "x");
    OpsOptions options;
    options.store_url = store.url();
    options.data = store.folder();
    options.projects = {"netdev", "bpf"};
    options.http_stats = [] { return http::ServerStats{.connections = 3}; };
    options.part_figures = [&] { return std::optional(parts); };
    OpsEndpoints ops(options, health, gauges, store.clock());
    auto samples = parse(ops.metrics());
    CHECK(samples.at("patchmill_series{verdict=\"fail\"}") == 2);
    CHECK(samples.at("patchmill_series{verdict=\"incomplete\"}") == 0);
    CHECK(samples.at("patchmill_queue_nodes{project=\"netdev\",state=\"waiting\"}") == 2);
    CHECK(samples.at("patchmill_queue_nodes{project=\"netdev\",state=\"taken\"}") == 1);
    CHECK(samples.at("patchmill_queue_nodes{project=\"bpf\",state=\"waiting\"}") == 0);
    CHECK(samples.at("patchmill_queue_nodes{project=\"other\",state=\"waiting\"}") == 1);
    CHECK(samples.at("patchmill_queue_longest_wait_seconds{project=\"netdev\"}") == 30);
    CHECK(samples.at("patchmill_source_messages_total{source=\"l\\\"tp\"}") == 5);
    CHECK(samples.at("patchmill_nodes_done_total{kind=\"kbuild\",result=\"pass\"}") == 1);
    CHECK(samples.at("patchmill_source_failures_total{source=\"l\\\"tp\"}") == 3);
    CHECK(samples.at("patchmill_source_last_success_timestamp_seconds{source=\"l\\\"tp\"}") == 7.5);
    CHECK_FALSE(
        samples.contains("patchmill_source_last_mail_timestamp_seconds{source=\"l\\\"tp\"}"));
    CHECK(samples.at("patchmill_tree_fetches_total{tree=\"mainline\",result=\"ok\"}") == 3);
    CHECK(samples.at("patchmill_tree_fetches_total{tree=\"mainline\",result=\"failed\"}") == 1);
    CHECK(samples.at("patchmill_mail_deliveries_total{outcome=\"accepted\"}") == 6);
    CHECK(samples.at("patchmill_mail_deliveries_total{outcome=\"in_doubt\"}") == 1);
    CHECK(samples.at("patchmill_first_verdict_seconds_bucket{le=\"1\"}") == 1);
    CHECK(samples.at("patchmill_part_state{part=\"sources\"}") == 2);
    CHECK(samples.at("patchmill_workers{state=\"idle\"}") == 1);
    CHECK(samples.at("patchmill_http_connections") == 3);
    CHECK(samples.at("patchmill_store_up") == 1);
    CHECK(samples.at("patchmill_mails{state=\"in-doubt\"}") == 0);
    CHECK(samples.at("process_resident_memory_bytes") > 1e6);

    // Asked for again at once, the store is not.
    db.exec("DELETE FROM series_verdicts");
    CHECK(parse(ops.metrics()).at("patchmill_series{verdict=\"fail\"}") == 2);
  });
}

TEST_CASE("service::OpsEndpoints::metrics: a store that is gone is a figure, not a failure") {
  test::TestStore store(store::Engine::sqlite);
  const Gauges gauges;
  const HealthState health(store.clock());
  OpsOptions options;
  options.store_url = (store.folder() / "nowhere" / "store.sqlite").string();
  OpsEndpoints ops(options, health, gauges, store.clock());
  const auto samples = parse(ops.metrics());
  CHECK(samples.at("patchmill_store_up") == 0);
  CHECK_FALSE(samples.contains("patchmill_nodes_running"));
}

TEST_CASE("service::OpsEndpoints::healthz: 503 only when a part is down; details for some only") {
  ManualClock clock;
  const Gauges gauges;
  HealthState health(clock);
  OpsOptions options;
  bool trusted = true;
  options.may_see_details = [&](const http::Request&) { return trusted; };
  OpsEndpoints ops(options, health, gauges, clock);
  const auto ask = [&] {
    const auto response = ops.healthz({});
    return std::pair(response.status,
                     boost::json::parse(std::get<std::string>(response.body)).as_object());
  };
  CHECK(ask().first == 200);
  CHECK(ask().second.at("status") == "degraded");
  health.set(Part::mail, "", PartState::down, "login refused by mx.internal", "fix the password");
  const auto [status, body] = ask();
  CHECK(status == 503);
  CHECK(body.at("status") == "down");
  CHECK(body.at("parts").at("mail").at("message") == "login refused by mx.internal");
  CHECK(body.at("parts").at("mail").at("todo") == "fix the password");
  trusted = false;
  CHECK(ask().first == 503);
  CHECK(boost::json::serialize(ask().second).find("mx.internal") == std::string::npos);
  for (const Part part : k_parts) {
    health.set_ok(part);
  }
  CHECK(ask().first == 200);
  CHECK(ask().second.at("status") == "ok");
}

TEST_CASE("service::OpsEndpoints::add_routes: both are there, guarded as asked") {
  ManualClock clock;
  const Gauges gauges;
  const HealthState health(clock);
  OpsOptions options;
  options.store_url = ":memory:";
  options.metrics_guards = {[](http::Request&) { return http::Response::error(401, "no"); }};
  OpsEndpoints ops(options, health, gauges, clock);
  http::Router router;
  ops.add_routes(router);
  const auto metrics = router.match("GET", *http::parse_path("/metrics"));
  REQUIRE(metrics.route != nullptr);
  CHECK(metrics.route->guards.size() == 1);
  const auto healthz = router.match("GET", *http::parse_path("/healthz"));
  REQUIRE(healthz.route != nullptr);
  CHECK(healthz.route->guards.empty());
  CHECK(healthz.route->run == http::Run::loop);  // needs no worker: they may wait for the store
  CHECK(metrics.route->run == http::Run::worker);
}
