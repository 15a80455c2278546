#include "store/event_log.hpp"

#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

namespace patchmill::store {
namespace {

using test::on_each_engine;
using test::TestStore;

TEST_CASE("store::append_event: read back in order, with everything") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    const auto now = store.clock().now();
    const auto first = append_event(db, now, "series-created", 7, std::nullopt, R"({"a":"ü"})");
    const auto second = append_event(db, now, "node-done", std::nullopt, 9, "{}");
    CHECK(second > first);
    const auto all = events_after(db, 0, 10);
    REQUIRE(all.size() == 2);
    CHECK(all[0].id == first);
    CHECK(all[0].time == now);
    CHECK(all[0].kind == "series-created");
    CHECK(all[0].series == std::optional<std::int64_t>(7));
    CHECK_FALSE(all[0].node.has_value());
    CHECK(all[0].payload == R"({"a":"ü"})");
    CHECK(all[1].node == std::optional<std::int64_t>(9));
    CHECK(events_after(db, first, 10).size() == 1);
    CHECK(events_after(db, second, 10).empty());
    CHECK(events_after(db, 0, 1).size() == 1);
  });
}

TEST_CASE("store::append_event: goes with its transaction") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    {
      Transaction transaction(db);
      append_event(db, store.clock().now(), "lost", std::nullopt, std::nullopt, "{}");
    }
    CHECK(events_after(db, 0, 10).empty());
  });
}

TEST_CASE("store::event_span: what is kept") {
  on_each_engine([](TestStore& store) {
    Database& database = store.database();
    CHECK_FALSE(event_span(database).has_value());
    const auto append = [&] {
      return append_event(database, store.clock().now(), "node-done", {}, {}, "{}");
    };
    append();
    const auto second = append();
    const auto last = append();
    CHECK(drop_old_events(database, store.clock().now() + std::chrono::hours(1), 1, false) == 1);
    const auto span = event_span(database);
    REQUIRE(span.has_value());
    CHECK(span->oldest == second);
    CHECK(span->newest == last);
  });
}

TEST_CASE("store::events_after: a reader with a cursor misses nothing of concurrent writers") {
  on_each_engine([](TestStore& store) {
    constexpr int writers = 3;
    constexpr int each = 40;
    std::atomic<int> running = writers;
    std::vector<std::thread> threads;
    for (int w = 0; w < writers; ++w) {
      threads.emplace_back([&] {
        auto db = store.connect();
        for (int i = 0; i < each; ++i) {
          Transaction transaction(*db);
          append_event(*db, Timestamp{}, "x", std::nullopt, std::nullopt, "{}");
          std::this_thread::yield();
          append_event(*db, Timestamp{}, "y", std::nullopt, std::nullopt, "{}");
          transaction.commit();
        }
        --running;
      });
    }
    std::int64_t after = 0;
    std::size_t seen = 0;
    while (true) {
      const bool last_round = running == 0;
      for (const auto& event : events_after(store.database(), after, 1000)) {
        after = event.id;
        ++seen;
      }
      if (last_round) {
        break;
      }
    }
    for (auto& thread : threads) {
      thread.join();
    }
    CHECK(seen == std::size_t{2} * writers * each);
  });
}

TEST_CASE("store::EventWriter: many events in their order, all or none, between others") {
  on_each_engine([](TestStore& store) {
    Database& db = store.database();
    const std::int64_t before =
        append_event(db, Timestamp{}, "x", std::nullopt, std::nullopt, "{}");
    {
      Transaction transaction(db);
      EventWriter lost(db, Timestamp{});
      lost.add("lost", 1, std::nullopt, "{}");
      lost.flush();
    }
    {
      Transaction transaction(db);
      EventWriter events(db, Timestamp{});
      events.flush();  // nothing
      for (std::int64_t i = 0; i < 150; ++i) {
        events.add("many", i % 3 == 0 ? std::nullopt : std::optional(i),
                   i % 2 == 0 ? std::nullopt : std::optional(i), std::to_string(i));
      }
      events.flush();
      append_event(db, Timestamp{}, "last", std::nullopt, std::nullopt, "{}");
      transaction.commit();
    }
    const auto events = events_after(db, before, 1000);
    REQUIRE(events.size() == 151);
    for (std::int64_t i = 0; i < 150; ++i) {
      const Event& event = events[static_cast<std::size_t>(i)];
      CHECK(event.kind == "many");
      CHECK(event.payload == std::to_string(i));
      CHECK(event.series == (i % 3 == 0 ? std::nullopt : std::optional(i)));
      CHECK(event.node == (i % 2 == 0 ? std::nullopt : std::optional(i)));
    }
    CHECK(events.back().kind == "last");
  });
}

}  // namespace
}  // namespace patchmill::store
