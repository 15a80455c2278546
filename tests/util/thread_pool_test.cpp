#include "util/thread_pool.hpp"

#include <doctest/doctest.h>

#include <atomic>

namespace patchmill {
namespace {

TEST_CASE("ThreadPool::wait_idle: returns when everything is done") {
  std::atomic<int> done = 0;
  ThreadPool pool(3);
  pool.wait_idle();
  for (int round = 1; round <= 3; ++round) {
    for (int i = 0; i < 500; ++i) {
      pool.submit([&] { ++done; });
    }
    pool.wait_idle();
    CHECK(done == 500 * round);
  }
}

TEST_CASE("ThreadPool: tasks may submit tasks") {
  std::atomic<int> done = 0;
  ThreadPool pool(2);
  pool.submit([&] {
    for (int i = 0; i < 10; ++i) {
      pool.submit([&] { ++done; });
    }
  });
  pool.wait_idle();
  CHECK(done == 10);
}

TEST_CASE("ThreadPool: destruction finishes what was queued; no threads asked means one") {
  std::atomic<int> done = 0;
  {
    ThreadPool pool(0);
    for (int i = 0; i < 100; ++i) {
      pool.submit([&] { ++done; });
    }
  }
  CHECK(done == 100);
}

}  // namespace
}  // namespace patchmill
