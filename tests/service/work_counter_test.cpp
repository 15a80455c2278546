#include "service/work_counter.hpp"

#include "pipeline/node_event.hpp"

#include <doctest/doctest.h>

namespace patchmill::service {
namespace {

Timestamp at(int seconds) {
  return from_micros(std::int64_t{seconds} * 1'000'000);
}

store::Event node_done(std::int64_t series, const std::string& name, int started, int finished) {
  pipeline::Node node;
  node.kind = pipeline::NodeKind::check;
  node.name = name;
  node.state = pipeline::NodeState::done;
  node.result = findings::Verdict::pass;
  node.started = at(started);
  node.finished = at(finished);
  return {1, at(finished), "node-done", series, 5, pipeline::node_event_payload(node)};
}

}  // namespace

TEST_CASE("service::WorkCounter: nodes by kind and result, and how long they took") {
  Gauges gauges;
  WorkCounter counter(gauges);
  counter.see(node_done(1, "subject", 10, 17));
  counter.see(node_done(1, "whitespace", 10, 12));
  counter.see({3, at(20), "node-done", 1, 7, "not JSON"});
  counter.see({3, at(20), "node-created", 1, 7, node_done(1, "x", 1, 2).payload});
  const auto counted = gauges.snapshot();
  REQUIRE(counted.nodes.size() == 1);
  CHECK(counted.nodes.at({pipeline::NodeKind::check, findings::Verdict::pass}) == 2);
  CHECK(counted.node_seconds.at(pipeline::NodeKind::check).sum == 9);
  CHECK(counted.first_verdict.sum == 0);
}

TEST_CASE("service::WorkCounter: from the arrival of a series to whether it applies, once") {
  Gauges gauges;
  WorkCounter counter(gauges);
  counter.see({1, at(100), "series-completed", 8, std::nullopt, "{}"});
  counter.see(node_done(9, "applies", 100, 101));  // arrived before the service was started
  counter.see(node_done(8, "subject", 100, 101));
  counter.see(node_done(8, "applies", 101, 103));
  counter.see(node_done(8, "applies", 150, 160));  // a retry
  const auto counted = gauges.snapshot();
  CHECK(counted.first_verdict.sum == 3);
  CHECK(counted.first_verdict.counts[3] == 1);  // within 5 s
}

TEST_CASE("service::WorkCounter: series that nobody judges do not fill the memory") {
  Gauges gauges;
  WorkCounter counter(gauges);
  for (int series = 1; series <= 10'001; ++series) {
    counter.see({series, at(1), "series-completed", series, std::nullopt, "{}"});
  }
  counter.see(node_done(1, "applies", 1, 2));
  CHECK(gauges.snapshot().first_verdict.sum == 0);
  counter.see(node_done(10'001, "applies", 1, 2));
  CHECK(gauges.snapshot().first_verdict.sum == 1);
}

}  // namespace patchmill::service
