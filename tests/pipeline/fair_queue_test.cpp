#include "pipeline/fair_queue.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>

using namespace patchmill;
using pipeline::FairQueue;
using pipeline::Waiting;

namespace {

Timestamp moment(int second) {
  return Timestamp(std::chrono::seconds(1'700'000'000 + second));
}

Waiting lane(std::int64_t id, const std::string& author, const std::string& project = "p",
             int queued = 0, int priority = 0) {
  Waiting waiting;
  waiting.lane = id;
  waiting.author = author;
  waiting.project = project;
  waiting.priority = priority;
  waiting.queued = moment(queued);
  waiting.ready_at = moment(queued);
  return waiting;
}

std::string drain(FairQueue& queue, Timestamp now) {
  std::string order;
  while (const auto next = queue.take(now)) {
    order += fmt::format("{}{}", order.empty() ? "" : " ", next->lane);
  }
  return order;
}

}  // namespace

TEST_CASE("pipeline::FairQueue: one author's flood delays another's first by one") {
  FairQueue queue;
  for (int i = 1; i <= 5; ++i) {
    queue.add(lane(i, "flood", "p", i));
  }
  queue.add(lane(100, "quiet", "p", 50));
  queue.add(lane(101, "quiet", "p", 51));
  CHECK(drain(queue, moment(100)) == "1 100 2 101 3 4 5");
  CHECK(queue.size() == 0);
}

TEST_CASE("pipeline::FairQueue: who was idle comes back without savings") {
  FairQueue queue;
  for (int i = 1; i <= 10; ++i) {
    queue.add(lane(i, "a", "p", i));
  }
  for (int i = 1; i <= 6; ++i) {
    CHECK(queue.take(moment(100))->lane == i);
  }
  for (int i = 50; i <= 53; ++i) {
    queue.add(lane(i, "b", "p", i));
  }
  CHECK(drain(queue, moment(100)) == "7 50 8 51 9 52 10 53");
}

TEST_CASE("pipeline::FairQueue: projects share by weight and estimate") {
  FairQueue queue;
  queue.set_weight("big", 3);
  for (int i = 0; i < 400; ++i) {
    queue.add(lane(1000 + i, "x", "big", i));
    queue.add(lane(2000 + i, "y", "small", i));
  }
  int big = 0;
  for (int i = 0; i < 100; ++i) {
    big += queue.take(moment(1000))->project == "big" ? 1 : 0;
  }
  CHECK(big >= 74);
  CHECK(big <= 76);

  FairQueue costly;
  for (int i = 0; i < 100; ++i) {
    auto slow = lane(1000 + i, "x", "slow", i);
    slow.estimate = std::chrono::seconds(10);
    costly.add(slow);
    costly.add(lane(2000 + i, "y", "quick", i));
  }
  int slow = 0;
  for (int i = 0; i < 44; ++i) {
    slow += costly.take(moment(1000))->project == "slow" ? 1 : 0;
  }
  CHECK(slow >= 3);
  CHECK(slow <= 5);
}

TEST_CASE("pipeline::FairQueue: priority before fairness, time before priority") {
  FairQueue queue;
  queue.add(lane(1, "a", "p", 1));
  queue.add(lane(2, "a", "p", 2, 5));
  queue.add(lane(3, "b", "q", 3, 5));
  auto later = lane(4, "c", "p", 0, 9);
  later.ready_at = moment(500);
  queue.add(later);
  CHECK(drain(queue, moment(100)) == "2 3 1");
  REQUIRE(queue.next_ready().has_value());
  CHECK(*queue.next_ready() == moment(500));
  CHECK(queue.order(moment(100), 10).size() == 1);
  CHECK(drain(queue, moment(500)) == "4");
  CHECK_FALSE(queue.next_ready().has_value());
}

TEST_CASE("pipeline::FairQueue: removing and replacing, ready or not") {
  FairQueue queue;
  queue.add(lane(1, "a"));
  queue.add(lane(2, "a"));
  auto later = lane(3, "a");
  later.ready_at = moment(900);
  queue.add(later);
  CHECK(queue.order(moment(10), 10).size() == 3);
  CHECK(queue.remove(3));
  CHECK_FALSE(queue.remove(3));
  CHECK(queue.take(moment(10))->lane == 1);
  CHECK(queue.contains(2));
  CHECK(queue.remove(2));
  CHECK_FALSE(queue.take(moment(1000)).has_value());
  queue.add(lane(7, "a", "p", 1));
  queue.add(lane(7, "b", "q", 5));
  CHECK(queue.size() == 1);
  CHECK(queue.take(moment(10))->project == "q");
}

TEST_CASE("pipeline::FairQueue: order() is what take() then does; nothing is lost or starves") {
  std::mt19937 random(7);
  FairQueue queue;
  std::set<std::int64_t> waiting;
  std::map<std::int64_t, int> passed;
  std::int64_t id = 0;
  for (int step = 0; step < 3000; ++step) {
    if (random() % 5 < 3 || waiting.empty()) {
      auto next =
          lane(++id, fmt::format("a{}", random() % 7), fmt::format("p{}", random() % 3), step);
      next.estimate = std::chrono::seconds(random() % 20);
      queue.add(next);
      waiting.insert(id);
    } else if (random() % 10 == 0) {
      const auto gone = *waiting.begin();
      CHECK(queue.remove(gone));
      waiting.erase(gone);
    } else {
      const auto expected = queue.order(moment(step), 1);
      const auto taken = queue.take(moment(step));
      REQUIRE(taken.has_value());
      CHECK(expected.front().lane == taken->lane);
      CHECK(waiting.erase(taken->lane) == 1);
    }
    REQUIRE(queue.size() == waiting.size());
  }
  while (const auto taken = queue.take(moment(5000))) {
    CHECK(waiting.erase(taken->lane) == 1);
  }
  CHECK(waiting.empty());
}
