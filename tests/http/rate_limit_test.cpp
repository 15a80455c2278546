#include "http/rate_limit.hpp"

#include <doctest/doctest.h>

namespace patchmill::http {
namespace {

using namespace std::chrono_literals;

TEST_CASE("RateLimiter::take: a burst, then the rate") {
  RateLimiter limiter({2, 4, 100});
  const SteadyTime start{};
  for (int i = 0; i < 4; ++i) {
    CHECK_FALSE(limiter.take("a", start));
  }
  CHECK(limiter.take("a", start) == 1s);
  CHECK_FALSE(limiter.take("b", start));
  CHECK_FALSE(limiter.take("a", start + 500ms));
  CHECK(limiter.take("a", start + 500ms));
  CHECK_FALSE(limiter.take("a", start + 1h));
  RateLimiter slow({0.01, 1, 100});
  CHECK_FALSE(slow.take("a", start));
  CHECK(slow.take("a", start) == 100s);
}

TEST_CASE("RateLimiter: the table is bounded, the key used longest ago goes") {
  RateLimiter limiter({0.001, 1, 3});
  const SteadyTime now{};
  for (const auto* key : {"a", "b", "c"}) {
    CHECK_FALSE(limiter.take(key, now));
  }
  CHECK(limiter.take("a", now));        // used again: b is now the oldest
  CHECK_FALSE(limiter.take("d", now));  // b goes
  CHECK(limiter.keys() == 3);
  CHECK(limiter.take("a", now));
  CHECK(limiter.take("c", now));
  CHECK_FALSE(limiter.take("b", now));
  for (int i = 0; i < 100000; ++i) {
    limiter.take(std::to_string(i), now);
  }
  CHECK(limiter.keys() == 3);
}

TEST_CASE("FailureGate: doubling waits, forgiven by time") {
  FailureGate gate({2, 8s, 10});
  SteadyTime now{};
  gate.failed("a", "x", now);
  gate.failed("a", "x", now);
  CHECK_FALSE(gate.blocked("a", "x", now));
  for (const auto wait : {1s, 2s, 4s, 8s, 8s}) {
    gate.failed("a", "x", now);
    CHECK(gate.blocked("a", "x", now) == wait);
    CHECK_FALSE(gate.blocked("b", "x", now));
    now += wait;
    CHECK_FALSE(gate.blocked("a", "x", now));
  }
  now += 17s;
  gate.failed("a", "x", now);
  CHECK_FALSE(gate.blocked("a", "x", now));
}

TEST_CASE("FailureGate: success does not forgive, but what was right does not wait") {
  FailureGate gate({2, 8s, 2});
  const SteadyTime now{};
  for (int i = 0; i < 3; ++i) {
    gate.succeeded("a", "right");
    gate.failed("a", "wrong", now);
  }
  CHECK(gate.blocked("a", "wrong", now) == 1s);
  CHECK(gate.blocked("a", "other", now) == 1s);
  CHECK(gate.blocked("a", "", now) == 1s);
  CHECK_FALSE(gate.blocked("a", "right", now));
  SUBCASE("until it is wrong") {
    gate.failed("a", "right", now);
    CHECK(gate.blocked("a", "right", now) == 2s);
  }
  SUBCASE("until others were used since: the table is bounded") {
    gate.succeeded("b", "right");
    gate.succeeded("a", "right");
    gate.succeeded("c", "right");  // that of b goes
    CHECK_FALSE(gate.blocked("a", "right", now));
    gate.succeeded("d", "right");
    gate.succeeded("e", "right");
    CHECK(gate.blocked("a", "right", now) == 1s);
  }
}

}  // namespace
}  // namespace patchmill::http
