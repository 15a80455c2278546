#include "store/outbox.hpp"

#include "support/store_fixture.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <mutex>
#include <thread>

namespace patchmill::store {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using test::on_each_engine;
using test::TestStore;

TEST_CASE("store::enqueue: the same key is the same effect") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    const auto now = store.clock().now();
    CHECK(enqueue(db, now, "check/1/build", "patchwork", "first"));
    CHECK_FALSE(enqueue(db, now, "check/1/build", "patchwork", "second"));
    const auto item = claim(db, now, "patchwork", "me", minutes(1));
    REQUIRE(item);
    CHECK(item->key == "check/1/build");
    CHECK(item->kind == "patchwork");
    CHECK(item->payload == "first");
    CHECK(item->attempts == 1);
    mark_sent(db, now, item->id);
    CHECK_FALSE(enqueue(db, now, "check/1/build", "patchwork", "third"));
    CHECK_FALSE(claim(db, now, "patchwork", "me", minutes(1)).has_value());
  });
}

TEST_CASE("store::enqueue: rolled back with the change it belongs to") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    {
      Transaction transaction(db);
      CHECK(enqueue(db, store.clock().now(), "k", "mail", "p"));
    }
    CHECK_FALSE(claim(db, store.clock().now(), "mail", "me", minutes(1)).has_value());
    CHECK(enqueue(db, store.clock().now(), "k", "mail", "p"));
  });
}

TEST_CASE("store::take_back: what somebody has who is gone, and is_sent") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    const auto now = store.clock().now();
    enqueue(db, now, "a", "mail", "");
    enqueue(db, now, "b", "mail", "");
    const auto a = claim(db, now, "mail", "host:1", minutes(15));
    const auto b = claim(db, now, "mail", "other:1", minutes(15));
    REQUIRE((a && b));
    take_back(db, [](std::string_view kind, std::string_view holder) {
      return kind == "mail" && holder.starts_with("host:");
    });
    const auto again = claim(db, now, "mail", "host:2", minutes(15));
    REQUIRE(again);
    CHECK(again->key == "a");
    CHECK(again->attempts == 2);
    CHECK_FALSE(claim(db, now, "mail", "host:2", minutes(15)).has_value());
    CHECK_FALSE(is_sent(db, "a"));
    mark_sent(db, now, again->id);
    CHECK(is_sent(db, "a"));
    CHECK_FALSE(is_sent(db, "nothing"));
    // What is done is nobody's.
    take_back(db, [](std::string_view, std::string_view) { return true; });
    CHECK(claim(db, now, "mail", "host:2", minutes(15))->key == "b");
    CHECK(is_sent(db, "a"));
  });
}

TEST_CASE("store::head: the oldest that is not done, and make_due: it does not wait") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    const auto now = store.clock().now();
    CHECK_FALSE(head(db, "hook").has_value());
    enqueue(db, now, "other", "mail", "");
    enqueue(db, now, "a", "hook", "");
    enqueue(db, now, "b", "hook", "");
    auto oldest = head(db, "hook");
    REQUIRE(oldest);
    CHECK(oldest->attempts == 0);
    CHECK(oldest->error.empty());
    const auto a = claim_in_order(db, now, "hook", "me", minutes(1));
    REQUIRE(a);
    mark_failed(db, a->id, "busy", now + minutes(60));
    oldest = head(db, "hook");
    REQUIRE(oldest);
    CHECK(oldest->id == a->id);
    CHECK(oldest->attempts == 1);
    CHECK(oldest->error == "busy");
    CHECK_FALSE(claim_in_order(db, now, "hook", "me", minutes(1)).has_value());
    make_due(db, now, a->id);
    REQUIRE(claim_in_order(db, now, "hook", "me", minutes(1)));
    mark_failed(db, a->id, "refused", std::nullopt);
    make_due(db, now, a->id);  // done is done
    CHECK(claim_in_order(db, now, "hook", "me", minutes(1))->key == "b");
  });
}

TEST_CASE("store::make_failed_due: what has failed waits no longer, what is to come later does") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    const auto now = store.clock().now();
    for (const char* key : {"failed", "given up"}) {
      enqueue(db, now, key, "check", "");
    }
    enqueue(db, now, "other kind", "mail", "");
    const auto failed = claim(db, now, "check", "me", minutes(1));
    const auto given_up = claim(db, now, "check", "me", minutes(1));
    const auto other = claim(db, now, "mail", "me", minutes(1));
    mark_failed(db, failed->id, "busy", now + minutes(60));
    mark_failed(db, given_up->id, "refused", std::nullopt);
    mark_failed(db, other->id, "busy", now + minutes(60));
    enqueue(db, now, "later", "check", "", now + minutes(60));
    make_failed_due(db, now, "check");
    const auto again = claim(db, now, "check", "me", minutes(1));
    REQUIRE(again);
    CHECK(again->key == failed->key);
    CHECK_FALSE(claim(db, now, "check", "me", minutes(1)));
    CHECK_FALSE(claim(db, now, "mail", "me", minutes(1)));
  });
}

TEST_CASE("store::give_up_before: what was written down before then and is not done") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    const auto now = store.clock().now();
    enqueue(db, now, "sent", "hook", "");
    mark_sent(db, now, claim(db, now, "hook", "me", minutes(1))->id);
    enqueue(db, now, "held", "hook", "");
    REQUIRE(claim(db, now, "hook", "me", minutes(1)));
    enqueue(db, now, "old", "hook", "");
    enqueue(db, now, "other", "mail", "");
    enqueue(db, now + minutes(1), "new", "hook", "");
    CHECK(give_up_before(db, "hook", now + minutes(1), "too late") == 2);
    CHECK(give_up_before(db, "hook", now + minutes(1), "too late") == 0);
    CHECK(claim(db, now + minutes(1), "hook", "me", minutes(1))->key == "new");
    CHECK(claim(db, now + minutes(1), "mail", "me", minutes(1))->key == "other");
    CHECK(is_sent(db, "sent"));
    CHECK(db.value<std::int64_t>(
              "SELECT COUNT(*) FROM outbox WHERE state = 2 AND error = 'too late'") == 2);
  });
}

TEST_CASE("store::remove_kind: all of it, and how much was not done") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    const auto now = store.clock().now();
    for (const auto* key : {"a", "b", "c"}) {
      enqueue(db, now, key, "hook", "");
    }
    enqueue(db, now, "other", "mail", "");
    mark_failed(db, claim(db, now, "hook", "me", minutes(1))->id, "refused", std::nullopt);
    CHECK(remove_kind(db, "hook") == 2);
    CHECK(remove_kind(db, "hook") == 0);
    CHECK(db.value<std::int64_t>("SELECT COUNT(*) FROM outbox") == 1);
  });
}

TEST_CASE("store::claim: the oldest due of its kind, one holder each") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    auto& clock = store.clock();
    enqueue(db, clock.now(), "a", "mail", "");
    clock.advance(seconds(1));
    enqueue(db, clock.now(), "b", "mail", "");
    enqueue(db, clock.now(), "c", "github", "");
    enqueue(db, clock.now() + minutes(1), "later", "mail", "");
    CHECK(claim(db, clock.now(), "mail", "x", minutes(1))->key == "a");
    CHECK(claim(db, clock.now(), "mail", "y", minutes(1))->key == "b");
    CHECK_FALSE(claim(db, clock.now(), "mail", "z", minutes(1)).has_value());
    CHECK(claim(db, clock.now(), "github", "z", minutes(1))->key == "c");
  });
}

// A process that dies by kill -9 leaves exactly this: a claim that nobody ends.
TEST_CASE("store::claim: the claim of a holder that died runs out") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    auto& clock = store.clock();
    enqueue(db, clock.now(), "a", "mail", "p");
    {
      auto dying = store.connect();
      REQUIRE(claim(*dying, clock.now(), "mail", "dead", minutes(5)));
    }
    clock.advance(minutes(5) - seconds(1));
    CHECK_FALSE(claim(db, clock.now(), "mail", "alive", minutes(5)).has_value());
    clock.advance(seconds(1));
    const auto item = claim(db, clock.now(), "mail", "alive", minutes(5));
    REQUIRE(item);
    CHECK(item->attempts == 2);
    CHECK(item->payload == "p");
  });
}

TEST_CASE("store::claim: a clock that was set back holds nothing up for years") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    const auto back = store.clock().now();
    const auto now = back + std::chrono::hours(24 * 400);
    enqueue(db, now, "a", "mail", "");
    CHECK(claim(db, back, "mail", "x", minutes(1))->key == "a");
    // Put off, or leased, before it was set back.
    enqueue(db, back, "b", "mail", "");
    const auto item = claim(db, now, "mail", "x", minutes(1));
    REQUIRE(item);
    CHECK(item->key == "b");
    CHECK(claim(db, back, "mail", "y", minutes(1))->key == "b");
    mark_failed(db, item->id, "busy", now + minutes(5));
    CHECK(claim(db, back, "mail", "x", minutes(1))->key == "b");
    // What is meant to go later does.
    enqueue(db, back, "c", "mail", "", now);
    CHECK_FALSE(claim(db, back, "mail", "x", minutes(1)).has_value());
    CHECK(claim(db, now, "mail", "x", minutes(1)).has_value());
  });
}

TEST_CASE("store::claim: a claim whose transaction never ended is none") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    enqueue(db, store.clock().now(), "a", "mail", "p");
    {
      auto dying = store.connect();
      Transaction transaction(*dying);
      REQUIRE(claim(*dying, store.clock().now(), "mail", "dead", minutes(5)));
    }
    CHECK(claim(db, store.clock().now(), "mail", "alive", minutes(5))->attempts == 1);
  });
}

TEST_CASE("store::mark_failed: again later, or given up but kept") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    auto& clock = store.clock();
    enqueue(db, clock.now(), "a", "mail", "");
    const auto first = claim(db, clock.now(), "mail", "x", minutes(5));
    REQUIRE(first);
    mark_failed(db, first->id, "connection refused", clock.now() + minutes(1));
    CHECK_FALSE(claim(db, clock.now(), "mail", "x", minutes(5)).has_value());
    clock.advance(minutes(1));
    const auto second = claim(db, clock.now(), "mail", "x", minutes(5));
    REQUIRE(second);
    CHECK(second->attempts == 2);
    mark_failed(db, second->id, "no such list", std::nullopt);
    clock.advance(minutes(60));
    CHECK_FALSE(claim(db, clock.now(), "mail", "x", minutes(5)).has_value());
    CHECK(db.value<std::string>("SELECT error FROM outbox WHERE key = 'a'") == "no such list");
    CHECK_FALSE(enqueue(db, clock.now(), "a", "mail", ""));
  });
}

TEST_CASE("store::mark_failed: a late report cannot undo what was sent") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    auto& clock = store.clock();
    enqueue(db, clock.now(), "a", "mail", "");
    const auto slow = claim(db, clock.now(), "mail", "slow", minutes(1));
    clock.advance(minutes(2));
    const auto quick = claim(db, clock.now(), "mail", "quick", minutes(1));
    REQUIRE(quick);
    mark_sent(db, clock.now(), quick->id);
    mark_failed(db, slow->id, "timeout", clock.now());
    CHECK_FALSE(claim(db, clock.now() + minutes(60), "mail", "x", minutes(1)).has_value());
  });
}

TEST_CASE("store::claim: concurrent claims never hand out an item twice") {
  on_each_engine([](TestStore& store) {
    constexpr int items = 100;
    for (int i = 0; i < items; ++i) {
      enqueue(store.database(), store.clock().now(), "k" + std::to_string(i), "mail", "");
    }
    const auto now = store.clock().now();
    std::mutex mutex;
    std::map<std::int64_t, int> claimed;
    const auto work = [&](std::string_view holder) {
      auto db = store.connect();
      while (const auto item = claim(*db, now, "mail", holder, minutes(5))) {
        const std::lock_guard lock(mutex);
        ++claimed[item->id];
      }
    };
    std::thread other([&] { work("b"); });
    work("a");
    other.join();
    CHECK(claimed.size() == items);
    for (const auto& [id, times] : claimed) {
      CHECK(times == 1);
    }
  });
}

TEST_CASE("store::drop_finished: what is old and done with, in pieces; never what waits") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    const auto old = store.clock().now();
    const auto limit = old + minutes(10);
    const auto young = limit + minutes(1);
    for (const auto* kind : {"a 1", "a 2", "b"}) {
      for (const auto when : {old, young}) {
        const auto enqueued = [&](std::string_view what) {
          const auto key = fmt::format("{} {} {}", kind, what, to_micros(when));
          enqueue(db, old, key, kind, "{}");
          return db.value<std::int64_t>("SELECT id FROM outbox WHERE key = ?", key);
        };
        enqueued("waiting");
        mark_sent(db, when, enqueued("sent"));
        const auto given_up = enqueued("given up");
        mark_failed(db, given_up, "no", when);
        mark_failed(db, given_up, "no", std::nullopt);
      }
    }
    const auto drop = [&](bool dry_run) {
      std::optional<std::int64_t> after = 0;
      std::int64_t dropped = 0;
      for (int i = 0; after && i < 100; ++i) {
        dropped += drop_finished(
            db, after, limit, 5, dry_run,
            [](std::string_view kind, bool sent) { return kind.starts_with("a ") || !sent; });
      }
      CHECK_FALSE(after.has_value());
      return dropped;
    };
    CHECK(drop(true) == 5);
    CHECK(db.value<std::int64_t>("SELECT COUNT(*) FROM outbox") == 18);
    CHECK(drop(false) == 5);
    CHECK(drop(false) == 0);
    CHECK(db.value<std::int64_t>("SELECT COUNT(*) FROM outbox WHERE state = 0") == 6);
    CHECK(db.value<std::int64_t>("SELECT COUNT(*) FROM outbox WHERE state = 1") == 4);
    CHECK(db.value<std::int64_t>("SELECT COUNT(*) FROM outbox WHERE state = 2") == 3);
  });
}

TEST_CASE("store::claim_in_order: nothing overtakes the oldest") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    const auto now = store.clock().now();
    enqueue(db, now, "1", "hook", "first");
    enqueue(db, now, "2", "hook", "second");
    enqueue(db, now, "3", "other", "");
    const auto first = claim_in_order(db, now, "hook", "me", minutes(1));
    REQUIRE(first);
    CHECK(first->payload == "first");
    CHECK_FALSE(claim_in_order(db, now, "hook", "me", minutes(1)).has_value());  // leased
    mark_failed(db, first->id, "no", now + minutes(5));
    CHECK_FALSE(claim_in_order(db, now, "hook", "me", minutes(1)).has_value());  // not due
    CHECK(claim_in_order(db, now + minutes(5), "hook", "me", minutes(1))->payload == "first");
    mark_failed(db, first->id, "no", std::nullopt);
    CHECK(claim_in_order(db, now + minutes(5), "hook", "me", minutes(1))->payload == "second");
  });
}

}  // namespace
}  // namespace patchmill::store
