#include "store/pool.hpp"

#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

using namespace patchmill;
using namespace patchmill::store;

TEST_CASE("store::Pool: shares at most so many connections among threads") {
  test::on_each_engine([](test::TestStore& store) {
    std::atomic<int> made = 0;
    Pool pool(
        [&] {
          ++made;
          return store.connect();
        },
        3);
    std::atomic<int> busy = 0;
    std::atomic<int> most = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 20; ++n) {
          auto lease = pool.lease();
          const int now = ++busy;
          int seen = most;
          while (seen < now && !most.compare_exchange_weak(seen, now)) {
          }
          if (lease->value<std::int64_t>("SELECT count(*) FROM series") != 0) {
            std::abort();
          }
          --busy;
        }
      });
    }
    for (auto& thread : threads) {
      thread.join();
    }
    CHECK(most <= 3);
    CHECK(made <= 3);
    CHECK(pool.open() == static_cast<std::size_t>(made));
  });
}

TEST_CASE("store::Pool::lease: an exception closes the connection and the idle ones") {
  test::TestStore store(Engine::sqlite);
  int made = 0;
  Pool pool(
      [&] {
        ++made;
        return store.connect();
      },
      2);
  {
    auto first = pool.lease();
    auto second = pool.lease();
  }
  CHECK(pool.open() == 2);
  CHECK_THROWS_AS(
      [&] {
        auto lease = pool.lease();
        lease->exec("SELECT nonsense");
      }(),
      DatabaseError);
  CHECK(pool.open() == 0);
  auto again = pool.lease();
  CHECK(made == 3);
  CHECK(again->value<std::int64_t>("SELECT 1") == 1);
}

TEST_CASE("store::Pool::lease: a failed connect leaves room for the next") {
  test::TestStore store(Engine::sqlite);
  bool down = true;
  Pool pool(
      [&]() -> std::unique_ptr<Database> {
        if (down) {
          throw DatabaseError("the server is gone");
        }
        return store.connect();
      },
      1);
  CHECK_THROWS_AS(pool.lease(), DatabaseError);
  CHECK_THROWS_AS(pool.lease(), DatabaseError);
  down = false;
  CHECK(pool.lease()->value<std::int64_t>("SELECT 1") == 1);
}
