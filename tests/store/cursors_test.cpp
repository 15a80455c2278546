#include "store/cursors.hpp"

#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

namespace patchmill::store {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using test::on_each_engine;
using test::TestStore;

TEST_CASE("store::cursor: absent, set, changed, rolled back") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    CHECK_FALSE(cursor(db, "mbox:/a").has_value());
    set_cursor(db, "mbox:/a", "10");
    set_cursor(db, "mbox:/b", "");
    set_cursor(db, "mbox:/a", "20");
    CHECK(cursor(db, "mbox:/a") == "20");
    CHECK(cursor(db, "mbox:/b") == "");
    {
      Transaction transaction(db);
      set_cursor(db, "mbox:/a", "30");
    }
    CHECK(cursor(db, "mbox:/a") == "20");
    remove_cursor(db, "mbox:/a");
    CHECK_FALSE(cursor(db, "mbox:/a").has_value());
    CHECK(cursor(db, "mbox:/b").has_value());
  });
}

TEST_CASE("store::cursor_sources: those that begin so") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    CHECK(cursor_sources(db, "").empty());
    for (const auto* source : {"webhook b", "Webhook c", "webhook", "webhook a", "a webhook "}) {
      set_cursor(db, source, "1");
    }
    CHECK(cursor_sources(db, "webhook ") == std::vector<std::string>{"webhook a", "webhook b"});
  });
}

TEST_CASE("store::read_names: a set a source") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    CHECK(read_names(db, "a").empty());
    add_read_names(db, "a", std::vector<std::string>{"x", "y", "x"});
    add_read_names(db, "b", std::vector<std::string>{"x"});
    CHECK(read_names(db, "a").size() == 2);
    remove_read_names(db, "a", std::vector<std::string>{"x", "none"});
    CHECK(read_names(db, "a") == std::vector<std::string>{"y"});
    CHECK(read_names(db, "b") == std::vector<std::string>{"x"});
  });
}

TEST_CASE("store::acquire_lease: one holder until it ends or lets go") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    auto& clock = store.clock();
    CHECK(acquire_lease(db, clock.now(), "scheduler", "a", minutes(1)));
    CHECK_FALSE(acquire_lease(db, clock.now(), "scheduler", "b", minutes(1)));
    CHECK(acquire_lease(db, clock.now(), "other", "b", minutes(1)));
    clock.advance(seconds(50));
    CHECK(acquire_lease(db, clock.now(), "scheduler", "a", minutes(1)));  // renewed
    clock.advance(seconds(50));
    CHECK_FALSE(acquire_lease(db, clock.now(), "scheduler", "b", minutes(1)));
    clock.advance(seconds(10));
    CHECK(acquire_lease(db, clock.now(), "scheduler", "b", minutes(1)));
    release_lease(db, "scheduler", "a");  // not a's any more
    CHECK_FALSE(acquire_lease(db, clock.now(), "scheduler", "a", minutes(1)));
    release_lease(db, "scheduler", "b");
    CHECK(acquire_lease(db, clock.now(), "scheduler", "a", minutes(1)));
  });
}

TEST_CASE("store::acquire_lease: of many at once, one wins") {
  on_each_engine([](TestStore& store) {
    std::atomic<int> winners = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        auto db = store.connect();
        winners += acquire_lease(*db, Timestamp{}, "x", std::to_string(i), minutes(1)) ? 1 : 0;
      });
    }
    for (auto& thread : threads) {
      thread.join();
    }
    CHECK(winners == 1);
  });
}

}  // namespace
}  // namespace patchmill::store
