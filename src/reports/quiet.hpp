#pragma once
// Times at which people are left alone, in their own time zone.

#include "util/clock.hpp"
#include "util/result.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::reports {

// Every day of `days` from `from` on until `until` (of the next day when it is not later), local
// time. 00:00 to 24:00 is the whole day.
struct QuietPeriod {
  std::vector<std::chrono::weekday> days;  // empty: every day
  std::chrono::minutes from{0};
  std::chrono::minutes until{24 * 60};
  std::string zone = "UTC";  // IANA name: "Europe/Berlin"
};

// Error invalid: an unknown zone (with where zones come from), times beyond a day.
Result<void> check_quiet(const QuietPeriod& period);

// The end of the period `time` lies in; empty: it lies in none. Hours that a change to summer time
// skips or repeats belong to the period that surrounds them. A zone nobody knows is UTC.
std::optional<Timestamp> quiet_until(const QuietPeriod& period, Timestamp time);

// The first moment from `time` on that no period covers. Empty: they leave no time within a year.
std::optional<Timestamp> first_loud(const std::vector<QuietPeriod>& periods, Timestamp time);

}  // namespace patchmill::reports
