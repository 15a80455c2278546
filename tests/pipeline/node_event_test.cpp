#include "pipeline/node_event.hpp"

#include <doctest/doctest.h>

namespace patchmill::pipeline {

TEST_CASE("pipeline::node_event_payload: what it says is read again") {
  Node node;
  node.kind = NodeKind::kbuild;
  node.name = "build \"um\"";
  node.state = NodeState::done;
  node.result = findings::Verdict::fail;
  node.started = from_micros(5);
  node.finished = from_micros(1'000'007);
  const auto done = parse_node_done(node_event_payload(node));
  REQUIRE(done.has_value());
  CHECK(done->kind == NodeKind::kbuild);
  CHECK(done->name == "build \"um\"");
  CHECK(done->result == findings::Verdict::fail);
  CHECK(done->took == std::chrono::microseconds(1'000'002));
}

TEST_CASE("pipeline::node_event_payload: a clock that was set back makes no negative duration") {
  Node node;
  node.result = findings::Verdict::pass;
  node.started = from_micros(10);
  node.finished = from_micros(5);
  CHECK(parse_node_done(node_event_payload(node))->took == std::chrono::microseconds(0));
}

TEST_CASE("pipeline::parse_node_done: what is no ended node is nothing") {
  CHECK_FALSE(parse_node_done(node_event_payload({})).has_value());  // has no result
  for (const char* text :
       {"", "[]", "{", "{}", R"({"kind":1,"result":"pass"})", R"({"kind":"sofa","result":"pass"})",
        R"({"kind":"job","result":"perhaps"})"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_node_done(text).has_value());
  }
  const auto odd = parse_node_done(R"({"kind":"job","result":"pass","duration_us":-4})");
  REQUIRE(odd.has_value());
  CHECK(odd->took == std::chrono::microseconds(0));
}

}  // namespace patchmill::pipeline
