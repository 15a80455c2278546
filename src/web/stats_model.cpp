#include "web/stats_model.hpp"

#include "findings/finding.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace patchmill::web {
namespace {

constexpr std::int64_t k_day = 86'400'000'000;
constexpr std::int64_t k_sample = 20'000;
constexpr std::size_t k_most_jobs = 30;

// Nearest rank. Changes the order of the values.
double quantile(std::vector<double>& values, double q) {
  const auto at = static_cast<std::size_t>(std::lround(q * static_cast<double>(values.size() - 1)));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

void set_quantiles(std::map<std::int64_t, std::vector<double>>& by_day,
                   std::map<std::int64_t, DayStats>& days, std::optional<double> DayStats::* median,
                   std::optional<double> DayStats::* p90) {
  for (auto& [day, values] : by_day) {
    if (const auto found = days.find(day); found != days.end() && !values.empty()) {
      found->second.*median = quantile(values, 0.5);
      found->second.*p90 = quantile(values, 0.9);
    }
  }
}

double seconds(std::int64_t from, std::int64_t to) {
  return std::max<double>(0, static_cast<double>(to - from) / 1e6);
}

void read_verdicts(store::Database& database, std::int64_t from,
                   std::map<std::int64_t, DayStats>& days) {
  database.each(
      "SELECT time / 86400000000, verdict, count(*) FROM series_verdicts WHERE time >= ?"
      " GROUP BY time / 86400000000, verdict",
      [&](const store::Row& row) {
        const auto found = days.find(row.integer(0));
        const auto verdict = findings::verdict_from(row.text(1));
        if (found == days.end() || !verdict) {
          return;
        }
        const auto n = static_cast<std::uint64_t>(row.integer(2));
        switch (*verdict) {
          case findings::Verdict::pass:
            found->second.pass += n;
            break;
          case findings::Verdict::warning:
            found->second.warning += n;
            break;
          case findings::Verdict::fail:
            found->second.fail += n;
            break;
          case findings::Verdict::incomplete:
            found->second.incomplete += n;
            break;
          case findings::Verdict::skip:
            found->second.skip += n;
            break;
        }
      },
      from);
}

void read_runs(store::Database& database, std::int64_t from,
               std::map<std::int64_t, DayStats>& days) {
  std::map<std::int64_t, std::vector<double>> runs;
  database.each(
      "SELECT started, finished FROM series_runs WHERE finished IS NOT NULL AND finished >= ?"
      " ORDER BY finished DESC LIMIT ?",
      [&](const store::Row& row) {
        runs[row.integer(1) / k_day].push_back(seconds(row.integer(0), row.integer(1)));
      },
      from, k_sample);
  set_quantiles(runs, days, &DayStats::run_median, &DayStats::run_p90);
}

struct JobSample {
  std::vector<double> seconds;
  std::uint64_t failed = 0;
  double total = 0;
};

std::vector<SlowJob> slowest(std::map<std::string, JobSample>& samples) {
  std::vector<std::pair<double, SlowJob>> jobs;
  for (auto& [name, sample] : samples) {
    SlowJob job;
    job.name = name;
    job.runs = sample.seconds.size();
    job.failed = sample.failed;
    job.median = quantile(sample.seconds, 0.5);
    job.p90 = quantile(sample.seconds, 0.9);
    jobs.emplace_back(sample.total, std::move(job));
  }
  std::stable_sort(jobs.begin(), jobs.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<SlowJob> list;
  for (auto& [_, job] : jobs) {
    if (list.size() < k_most_jobs) {
      list.push_back(std::move(job));
    }
  }
  return list;
}

}  // namespace

StatsModel read_stats(store::Database& database, Timestamp now, int days) {
  const int count = std::clamp(days, 1, 366);
  const std::int64_t today = to_micros(now) / k_day;
  const std::int64_t first = today - count + 1;
  std::map<std::int64_t, DayStats> by_day;
  for (std::int64_t day = first; day <= today; ++day) {
    by_day[day].day = to_iso(from_micros(day * k_day)).substr(0, 10);
  }
  read_verdicts(database, first * k_day, by_day);
  read_runs(database, first * k_day, by_day);
  StatsModel model;
  std::map<std::int64_t, std::vector<double>> waits;
  std::map<std::string, JobSample> jobs;
  std::int64_t seen = 0;
  database.each(
      // Not those is_timed() does not know times of, nor checkouts, which wait for nobody.
      "SELECT name, created, started, finished, result FROM nodes WHERE state = 'done'"
      " AND runtime <> '' AND started IS NOT NULL AND finished <> started ORDER BY id DESC LIMIT "
      "?",
      [&](const store::Row& row) {
        ++seen;
        const std::int64_t started = row.integer(2);
        const std::int64_t finished = row.integer(3);
        if (finished < first * k_day) {
          return;
        }
        waits[started / k_day].push_back(seconds(row.integer(1), started));
        JobSample& sample = jobs[row.get<std::string>(0)];
        sample.seconds.push_back(seconds(started, finished));
        sample.total += seconds(started, finished);
        sample.failed += static_cast<std::uint64_t>(row.text(4) == "fail");
      },
      k_sample);
  model.sampled = seen == k_sample;
  set_quantiles(waits, by_day, &DayStats::wait_median, &DayStats::wait_p90);
  for (auto& [_, day] : by_day) {
    model.days.push_back(std::move(day));
  }
  model.jobs = slowest(jobs);
  return model;
}

}  // namespace patchmill::web
