#include "reports/quiet.hpp"

#include "util/text.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace patchmill::reports {
namespace {

constexpr std::chrono::minutes k_day{24 * 60};

const date::time_zone* zone_of(const std::string& name) {
  try {
    return date::locate_zone(name);
  } catch (const std::runtime_error&) {
    return nullptr;
  }
}

// `earliest` where local time happens twice; the moment after where it does not happen.
Timestamp to_utc(const date::time_zone* zone, date::local_time<std::chrono::minutes> local) {
  if (zone == nullptr) {
    return Timestamp(local.time_since_epoch());
  }
  return Timestamp(zone->to_sys(local, date::choose::earliest).time_since_epoch());
}

}  // namespace

Result<void> check_quiet(const QuietPeriod& period) {
  if (zone_of(period.zone) == nullptr) {
    return fail(ErrorKind::invalid,
                fmt::format("no time zone '{}' (names are those of /usr/share/zoneinfo, like "
                            "Europe/Berlin; is the package tzdata installed?)",
                            escape_terminal(period.zone)));
  }
  if (period.from < std::chrono::minutes(0) || period.from > k_day ||
      period.until < std::chrono::minutes(0) || period.until > k_day) {
    return fail(ErrorKind::invalid, "a quiet period's times lie between 00:00 and 24:00");
  }
  return {};
}

std::optional<Timestamp> quiet_until(const QuietPeriod& period, Timestamp time) {
  const date::time_zone* zone = zone_of(period.zone);
  const auto since_epoch = time.time_since_epoch();
  const auto local = zone != nullptr
                         ? zone->to_local(date::sys_time<std::chrono::microseconds>(since_epoch))
                         : date::local_time<std::chrono::microseconds>(since_epoch);
  const auto today = date::floor<date::days>(local);
  // Yesterday's may reach into today.
  for (const auto day : {today - date::days(1), today}) {
    const unsigned weekday = date::weekday(day).c_encoding();
    const bool meant =
        period.days.empty() || std::any_of(period.days.begin(), period.days.end(),
                                           [&](auto d) { return d.c_encoding() == weekday; });
    if (!meant) {
      continue;
    }
    const bool over_midnight = period.until <= period.from;
    const Timestamp start = to_utc(zone, day + period.from);
    const Timestamp end = to_utc(zone, day + period.until + (over_midnight ? k_day : k_day * 0));
    if (start <= time && time < end) {
      return end;
    }
  }
  return std::nullopt;
}

std::optional<Timestamp> first_loud(const std::vector<QuietPeriod>& periods, Timestamp time) {
  const Timestamp limit = time + std::chrono::days(366);
  bool moved = true;
  while (moved) {
    moved = false;
    for (const auto& period : periods) {
      while (const auto end = quiet_until(period, time)) {
        time = *end;
        moved = true;
        if (time > limit) {
          return std::nullopt;
        }
      }
    }
  }
  return time;
}

}  // namespace patchmill::reports
