#include "reports/quiet.hpp"

#include <doctest/doctest.h>

namespace patchmill::reports {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Timestamp utc(int year, unsigned month, unsigned day, int hour, int minute = 0) {
  return Timestamp(std::chrono::sys_days(std::chrono::year(year) / static_cast<int>(month) /
                                         static_cast<int>(day)) +
                   hours(hour) + minutes(minute));
}

const QuietPeriod night{{}, hours(22), hours(7), "Europe/Berlin"};

TEST_CASE("reports::quiet_until: over midnight, in the zone of the people") {
  // 21:00 UTC is 22:00 in Berlin in winter.
  CHECK_FALSE(quiet_until(night, utc(2026, 1, 15, 20, 59)));
  CHECK(quiet_until(night, utc(2026, 1, 15, 21)) == utc(2026, 1, 16, 6));
  CHECK(quiet_until(night, utc(2026, 1, 16, 5, 59)) == utc(2026, 1, 16, 6));
  CHECK_FALSE(quiet_until(night, utc(2026, 1, 16, 6)));
  // In summer an hour earlier.
  CHECK_FALSE(quiet_until(night, utc(2026, 7, 15, 19, 59)));
  CHECK(quiet_until(night, utc(2026, 7, 15, 20)) == utc(2026, 7, 16, 5));
}

TEST_CASE("reports::quiet_until: the nights in which the clock changes") {
  // 29 March 2026: 02:00 becomes 03:00. The night ends at 07:00 summer time, 05:00 UTC.
  CHECK(quiet_until(night, utc(2026, 3, 28, 22)) == utc(2026, 3, 29, 5));
  CHECK_FALSE(quiet_until(night, utc(2026, 3, 29, 5)));
  // 25 October 2026: 03:00 becomes 02:00. The night is an hour longer, until 06:00 UTC.
  CHECK(quiet_until(night, utc(2026, 10, 24, 20)) == utc(2026, 10, 25, 6));
  CHECK(quiet_until(night, utc(2026, 10, 25, 5, 30)) == utc(2026, 10, 25, 6));
  // A period that ends in the hour that does not exist ends when that hour is skipped.
  const QuietPeriod until_gap{{}, hours(0), hours(2) + minutes(30), "Europe/Berlin"};
  CHECK(quiet_until(until_gap, utc(2026, 3, 29, 0, 30)) == utc(2026, 3, 29, 1));
  CHECK_FALSE(quiet_until(until_gap, utc(2026, 3, 29, 1, 1)));
  // One that ends in the hour that comes twice ends the first time.
  CHECK(quiet_until(until_gap, utc(2026, 10, 25, 0, 10)) == utc(2026, 10, 25, 0, 30));
  CHECK_FALSE(quiet_until(until_gap, utc(2026, 10, 25, 1, 10)));
}

TEST_CASE("reports::first_loud: weekends, holidays together, no way out") {
  const QuietPeriod saturday{
      {std::chrono::Saturday, std::chrono::Sunday}, hours(0), hours(24), "UTC"};
  // Friday 16 January 2026, 23:00 Berlin: the night, then the weekend, then its last night.
  CHECK(first_loud({night, saturday}, utc(2026, 1, 16, 22)) == utc(2026, 1, 19, 6));
  CHECK(first_loud({saturday}, utc(2026, 1, 17, 12)) == utc(2026, 1, 19, 0));
  CHECK(first_loud({}, utc(2026, 1, 17, 12)) == utc(2026, 1, 17, 12));
  CHECK(first_loud({saturday}, utc(2026, 1, 16, 23, 59)) == utc(2026, 1, 16, 23, 59));
  CHECK_FALSE(first_loud({QuietPeriod{}}, utc(2026, 1, 1, 0)));
  const QuietPeriod am{{}, hours(0), hours(12), "UTC"}, pm{{}, hours(12), hours(24), "UTC"};
  CHECK_FALSE(first_loud({am, pm}, utc(2026, 1, 1, 0)));
}

TEST_CASE("reports::check_quiet: unknown zones and impossible times") {
  CHECK(check_quiet(night).has_value());
  CHECK(check_quiet({{}, hours(0), hours(1), "Europe/Atlantis"})
            .error()
            .message.find("Europe/Atlantis") != std::string::npos);
  CHECK_FALSE(check_quiet({{}, hours(-1), hours(1), "UTC"}).has_value());
  CHECK_FALSE(check_quiet({{}, hours(1), hours(25), "UTC"}).has_value());
}

}  // namespace
}  // namespace patchmill::reports
