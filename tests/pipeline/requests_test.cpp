#include "pipeline/requests.hpp"

#include "pipeline/node_store.hpp"
#include "store/event_log.hpp"
#include "support/store_fixture.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include <set>
#include <thread>

using namespace patchmill;
using namespace patchmill::pipeline;

namespace {

std::int64_t make_node(test::TestStore& store) {
  Node node;
  node.series = 7;
  node.name = "build";
  return NodeStore(store.database(), store.clock()).create(node).id;
}

}  // namespace

TEST_CASE("pipeline::RequestKind: every name reads back") {
  for (const auto kind : {RequestKind::retry_series, RequestKind::retry_node,
                          RequestKind::cancel_series, RequestKind::cancel_node}) {
    CHECK(request_kind_from(to_string(kind)) == kind);
  }
  CHECK_FALSE(request_kind_from("retry"));
}

TEST_CASE("pipeline::Requests: taken in order, once, each with its event") {
  test::on_each_engine([](test::TestStore& store) {
    const auto node = make_node(store);
    const auto before = store::events_after(store.database(), 0, 100).back().id;
    Requests requests(store.database(), store.clock());
    const auto first = requests.add(RequestKind::retry_series, 7, "ann", "new firmware");
    REQUIRE(first);
    store.clock().advance(std::chrono::seconds(1));
    REQUIRE(requests.add(RequestKind::cancel_node, node, "bob\xff", std::string(5000, 'x')));

    const auto waiting = requests.list();
    REQUIRE(waiting.size() == 2);
    CHECK(waiting[0].id == first->id);
    CHECK(waiting[0].reason == "new firmware");
    CHECK(waiting[1].who == "bob\u00ff");
    CHECK(waiting[1].reason.size() <= 1003);
    CHECK(requests.list(1).size() == 1);

    const auto taken = requests.take();
    REQUIRE(taken);
    CHECK(taken->kind == RequestKind::retry_series);
    CHECK(taken->target == 7);
    CHECK(taken->who == "ann");
    CHECK(taken->time == first->time);
    CHECK(requests.take()->kind == RequestKind::cancel_node);
    CHECK_FALSE(requests.take());

    const auto events = store::events_after(store.database(), before, 100);
    REQUIRE(events.size() == 4);
    CHECK(events[0].kind == "retry-requested");
    CHECK(events[0].series == 7);
    CHECK_FALSE(events[0].node);
    CHECK(events[1].kind == "cancel-requested");
    CHECK(events[1].series == 7);  // that of the node
    CHECK(events[1].node == node);
    CHECK(events[2].kind == "request-taken");
    const auto payload = boost::json::parse(events[0].payload).as_object();
    CHECK(payload.at("who").as_string() == "ann");
    CHECK(payload.at("reason").as_string() == "new firmware");
    CHECK(payload.at("kind").as_string() == "retry-series");
  });
}

TEST_CASE("pipeline::Requests::add: what waits already is not added again") {
  test::on_each_engine([](test::TestStore& store) {
    Requests requests(store.database(), store.clock());
    const auto first = requests.add(RequestKind::retry_series, 7, "ann", "");
    const auto again = requests.add(RequestKind::retry_series, 7, "bob", "me too");
    REQUIRE(again);
    CHECK(again->id == first->id);
    CHECK(again->who == "ann");
    CHECK(store::events_after(store.database(), 0, 100).size() == 1);
    CHECK(requests.add(RequestKind::cancel_series, 7, "bob", "")->id != first->id);
    CHECK(requests.add(RequestKind::retry_series, 8, "bob", "")->id != first->id);
    requests.take();
    CHECK(requests.add(RequestKind::retry_series, 7, "bob", "")->id != first->id);
  });
}

TEST_CASE("pipeline::Requests::add: a node that does not exist is refused; the caller can go on") {
  test::on_each_engine([](test::TestStore& store) {
    Requests requests(store.database(), store.clock());
    {
      store::Transaction transaction(store.database());
      REQUIRE(requests.add(RequestKind::retry_series, 7, "ann", ""));
      const auto refused = requests.add(RequestKind::retry_node, 99, "ann", "");
      REQUIRE_FALSE(refused);
      CHECK(refused.error().kind == ErrorKind::not_found);
      CHECK(refused.error().message.find("no node 99") != std::string::npos);
      transaction.commit();
    }
    CHECK(requests.list().size() == 1);
  });
}

TEST_CASE("pipeline::Requests::take: given back when the work is rolled back") {
  test::on_each_engine([](test::TestStore& store) {
    Requests requests(store.database(), store.clock());
    REQUIRE(requests.add(RequestKind::retry_series, 7, "ann", ""));
    {
      const store::Transaction transaction(store.database());
      CHECK(requests.take());
    }
    CHECK(requests.list().size() == 1);
    CHECK(store::events_after(store.database(), 0, 100).size() == 1);
  });
}

TEST_CASE("pipeline::Requests: a kind of a newer version stays") {
  test::on_each_engine([](test::TestStore& store) {
    store.database().exec(
        "INSERT INTO requests (kind, target, who, reason, time) VALUES ('praise', 1, '', '', 0)");
    Requests requests(store.database(), store.clock());
    REQUIRE(requests.add(RequestKind::retry_series, 7, "ann", ""));
    CHECK(requests.list().size() == 1);
    CHECK(requests.take()->target == 7);
    CHECK_FALSE(requests.take());
    CHECK(store.database().value<std::int64_t>("SELECT count(*) FROM requests") == 1);
  });
}

TEST_CASE("pipeline::Requests::take: several takers share, none gets what another got") {
  test::on_each_engine([](test::TestStore& store) {
    constexpr int k_count = 40;
    Requests requests(store.database(), store.clock());
    for (int i = 0; i < k_count; ++i) {
      REQUIRE(requests.add(RequestKind::retry_series, i + 1, "ann", ""));
    }
    std::vector<std::vector<std::int64_t>> taken(3);
    {
      std::vector<std::jthread> takers;
      for (auto& mine : taken) {
        takers.emplace_back([&] {
          const auto database = store.connect();
          Requests own(*database, store.clock());
          while (const auto request = own.take()) {
            mine.push_back(request->target);
          }
        });
      }
    }
    std::multiset<std::int64_t> all;
    for (const auto& mine : taken) {
      all.insert(mine.begin(), mine.end());
    }
    CHECK(all.size() == k_count);
    CHECK(std::set<std::int64_t>(all.begin(), all.end()).size() == k_count);
  });
}
