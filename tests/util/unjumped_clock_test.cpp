#include "util/unjumped_clock.hpp"

#include <doctest/doctest.h>

namespace patchmill {
namespace {

TEST_CASE("UnjumpedClock: goes back with its clock, but not ahead of what has passed") {
  ManualClock clock(Timestamp(std::chrono::hours(1)));
  const UnjumpedClock age(clock);
  CHECK(age.now() == clock.now());
  clock.advance(std::chrono::hours(24 * 400));
  CHECK(age.now() < Timestamp(std::chrono::hours(24)));
  clock.advance(std::chrono::hours(-24 * 400 - 1));
  CHECK(age.now() == clock.now());
}

}  // namespace
}  // namespace patchmill
