#include "pipeline/node_json.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace patchmill;

TEST_CASE("pipeline::node_json: what is missing is null, what a program printed is UTF-8") {
  pipeline::Node node;
  node.id = 7;
  node.summary = "caf\xE9";
  auto json = pipeline::node_json(node);
  CHECK(json.at("id") == 7);
  CHECK(json.at("state") == "available");
  CHECK(json.at("summary") == "caf\xC3\xA9");
  for (const char* name : {"parent", "patch", "result", "tree", "commit", "created", "finished"}) {
    CAPTURE(name);
    CHECK(json.at(name).is_null());
  }
  node.parent = 3;
  node.patch = 2;
  node.result = findings::Verdict::fail;
  node.finished = Timestamp(std::chrono::seconds(1'767'607'200));
  json = pipeline::node_json(node);
  CHECK(json.at("parent") == 3);
  CHECK(json.at("patch") == 2);
  CHECK(json.at("result") == "fail");
  CHECK(json.at("finished") == boost::json::value(to_iso(*node.finished)));
}

TEST_CASE("pipeline::findings_json: in their order, line 0 is none") {
  std::vector<findings::Finding> all(2);
  all[0].severity = findings::Severity::error;
  all[0].line = 12;
  all[0].detail = "note: here";
  all[1].tool = "checkpatch";
  const auto json = pipeline::findings_json(all);
  REQUIRE(json.size() == 2);
  CHECK(json.at(0).at("severity") == "error");
  CHECK(json.at(0).at("line") == 12);
  CHECK(json.at(0).at("detail") == "note: here");
  CHECK(json.at(1).at("tool") == "checkpatch");
  CHECK(json.at(1).at("line").is_null());
  CHECK(json.at(1).at("detail").is_null());
  CHECK(json.at(1).at("fingerprint") == boost::json::value(all[1].fingerprint()));
}
