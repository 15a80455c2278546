#pragma once
// How things went over time.

#include "store/database.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::web {

struct DayStats {
  std::string day;  // "2026-01-31"
  std::uint64_t pass = 0, warning = 0, fail = 0, incomplete = 0, skip = 0;
  // Seconds; empty: nothing ran. Half (9 of 10) took no longer.
  std::optional<double> run_median, run_p90;    // a series, from placing it to its verdict
  std::optional<double> wait_median, wait_p90;  // a node, from planned to started
  [[nodiscard]] std::uint64_t judged() const { return pass + warning + fail + incomplete + skip; }
};
struct SlowJob {
  std::string name;
  std::uint64_t runs = 0, failed = 0;
  double median = 0, p90 = 0;  // seconds
};
struct StatsModel {
  std::vector<DayStats> days;  // oldest first, without gaps, the last is today (UTC)
  std::vector<SlowJob> jobs;   // by the time they took in all, at most 30
  bool sampled = false;        // durations are of the newest 50 000 nodes only
};
// days: 1 to 366.
StatsModel read_stats(store::Database& database, Timestamp now, int days);

}  // namespace patchmill::web
