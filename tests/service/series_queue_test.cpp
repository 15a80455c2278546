#include "service/series_queue.hpp"

#include <doctest/doctest.h>

#include <vector>

using patchmill::service::SeriesQueue;

namespace {

std::vector<std::int64_t> taken(SeriesQueue& queue) {
  std::vector<std::int64_t> all;
  while (const auto look = queue.take()) {
    all.push_back(look->series);
  }
  return all;
}

}  // namespace

TEST_CASE("service::SeriesQueue: each once, in the order of asking") {
  SeriesQueue queue;
  for (const int series : {5, 3, 5, 4}) {
    queue.add({.series = series});
  }
  CHECK(queue.size() == 3);
  CHECK(taken(queue) == std::vector<std::int64_t>{5, 3, 4});
  CHECK(queue.empty());
}

TEST_CASE("service::SeriesQueue: who comes behind others gets his own place when asked for") {
  SeriesQueue queue;
  for (const int series : {9, 2, 7}) {
    queue.add_behind(series);
  }
  queue.add({.series = 5});
  queue.add({.series = 7});
  queue.add_behind(5);
  CHECK(taken(queue) == std::vector<std::int64_t>{5, 7, 2, 9});
}

TEST_CASE("service::SeriesQueue: what is wanted adds up, and goes with its turn") {
  SeriesQueue queue;
  queue.add({.series = 1, .again = true});
  queue.add({.series = 1});
  queue.add({.series = 1, .given_up = true});
  const auto look = queue.take();
  REQUIRE(look);
  CHECK(look->again);
  CHECK(look->given_up);
  queue.add({.series = 1});
  CHECK_FALSE(queue.take()->again);
}

TEST_CASE("service::SeriesQueue: what is forgotten is not taken") {
  SeriesQueue queue;
  queue.add({.series = 1, .again = true});
  queue.add({.series = 2});
  queue.add_behind(3);
  queue.forget(1);
  queue.forget(3);
  queue.forget(4);
  queue.add({.series = 1});
  CHECK(queue.take()->series == 2);
  CHECK_FALSE(queue.take()->again);
  CHECK_FALSE(queue.take());
}
