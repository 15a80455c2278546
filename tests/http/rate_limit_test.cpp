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

TEST_CASE("FailureGate: doubling waits, forgiven by success or by time") {
  FailureGate gate({2, 8s, 10});
  SteadyTime now{};
  gate.failed("a", now);
  gate.failed("a", now);
  CHECK_FALSE(gate.blocked("a", now));
  for (const auto wait : {1s, 2s, 4s, 8s, 8s}) {
    gate.failed("a", now);
    CHECK(gate.blocked("a", now) == wait);
    now += wait;
    CHECK_FALSE(gate.blocked("a", now));
  }
  gate.succeeded("a");
  gate.failed("a", now);
  CHECK_FALSE(gate.blocked("a", now));
  for (int i = 0; i < 50; ++i) {
    gate.failed("b", now);
  }
  CHECK(gate.blocked("b", now));
  now += 17s;
  gate.failed("b", now);
  CHECK_FALSE(gate.blocked("b", now));
}

}  // namespace
}  // namespace patchmill::http
