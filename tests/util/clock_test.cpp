#include "util/clock.hpp"

#include <doctest/doctest.h>

namespace patchmill {
namespace {

TEST_CASE("to_iso: UTC, no zone, no fraction") {
  CHECK(to_iso(from_micros(0)) == "1970-01-01T00:00:00");
  CHECK(to_iso(from_micros(1'763'631'000'999'999)) == "2025-11-20T09:30:00");
  CHECK(to_iso(from_micros(-1)) == "1969-12-31T23:59:59");
  CHECK(to_iso(from_micros(951'782'400'000'000)) == "2000-02-29T00:00:00");
}

TEST_CASE("to_micros, from_micros: each the inverse of the other") {
  for (const std::int64_t micros : {std::int64_t{0}, std::int64_t{-5}, std::int64_t{1} << 52}) {
    CHECK(to_micros(from_micros(micros)) == micros);
  }
}

TEST_CASE("ManualClock: moves when told to") {
  ManualClock clock(from_micros(10));
  CHECK(to_micros(clock.now()) == 10);
  clock.advance(std::chrono::seconds(2));
  CHECK(to_micros(clock.now()) == 2'000'010);
}

TEST_CASE("SystemClock: is past the year 2020") {
  CHECK(SystemClock().now() > Timestamp(std::chrono::sys_days(std::chrono::year(2020) / 1 / 1)));
}

}  // namespace
}  // namespace patchmill
