// Statistics and about; see service_pages.hpp.
#include "web/charts.hpp"
#include "web/service_pages.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::web {
namespace {

namespace json = boost::json;

std::string seconds_text(const std::optional<double>& seconds) {
  return seconds
             ? format_duration(std::chrono::microseconds(static_cast<std::int64_t>(*seconds * 1e6)))
             : std::string("–");
}

json::value or_null(const std::optional<double>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

}  // namespace

Page stats_page(const SiteWords& words, const StatsModel& model, int days) {
  View view = page_view(words);
  View::List choices;
  for (const int choice : {7, 30, 90, 365}) {
    choices.push_back(View().set("n", choice).set("current", choice == days));
  }
  view.set_list("choices", std::move(choices));
  std::uint64_t judged = 0;
  std::uint64_t passed = 0;
  std::uint64_t ours = 0;
  View::List rows;
  for (auto day = model.days.rbegin(); day != model.days.rend(); ++day) {
    const std::uint64_t about_patches = day->pass + day->warning + day->fail;
    judged += about_patches;
    passed += day->pass + day->warning;
    ours += day->incomplete;
    if (day->judged() == 0 && !day->wait_median) {
      continue;
    }
    View row;
    row.set("day", day->day).set("pass", day->pass).set("warning", day->warning);
    row.set("fail", day->fail).set("incomplete", day->incomplete);
    row.set("rate",
            about_patches == 0
                ? std::string("–")
                : fmt::format("{:.0f} %", 100.0 * static_cast<double>(day->pass + day->warning) /
                                              static_cast<double>(about_patches)));
    row.set("run", seconds_text(day->run_median)).set("run90", seconds_text(day->run_p90));
    row.set("wait", seconds_text(day->wait_median)).set("wait90", seconds_text(day->wait_p90));
    rows.push_back(std::move(row));
  }
  view.set("days", days).set("judged", judged);
  view.set("rate", judged == 0 ? std::string()
                               : fmt::format("{:.0f} %", 100.0 * static_cast<double>(passed) /
                                                             static_cast<double>(judged)));
  view.set("ours", ours == 0 ? std::string() : std::to_string(ours));
  view.set("sampled", model.sampled);
  view.set_list("rows", std::move(rows));
  View::List jobs;
  for (const SlowJob& job : model.jobs) {
    jobs.push_back(View()
                       .set("job", job.name)
                       .set("runs", job.runs)
                       .set("failed", job.failed)
                       .set("median", seconds_text(job.median))
                       .set("p90", seconds_text(job.p90)));
  }
  view.set_list("jobs", std::move(jobs));
  view.set_html("verdicts_html", verdict_chart(model.days));
  view.set_html("runs_html",
                duration_chart(model.days, {"Time from placing a series to its verdict",
                                            &DayStats::run_median, &DayStats::run_p90}));
  view.set_html("waits_html",
                duration_chart(model.days, {"Time nodes waited in the queue",
                                            &DayStats::wait_median, &DayStats::wait_p90}));
  Page page;
  page.heading = "Statistics";
  page.section = Section::stats;
  page.body = render_template("stats", view);
  page.json = fmt::format("/stats/?days={}&format=json", days);
  return page;
}

json::object stats_json(const StatsModel& model) {
  json::array days;
  for (const DayStats& day : model.days) {
    days.push_back({{"day", day.day},
                    {"pass", day.pass},
                    {"warning", day.warning},
                    {"fail", day.fail},
                    {"incomplete", day.incomplete},
                    {"skip", day.skip},
                    {"run_median", or_null(day.run_median)},
                    {"run_p90", or_null(day.run_p90)},
                    {"wait_median", or_null(day.wait_median)},
                    {"wait_p90", or_null(day.wait_p90)}});
  }
  json::array jobs;
  for (const SlowJob& job : model.jobs) {
    jobs.push_back({{"name", job.name},
                    {"runs", job.runs},
                    {"failed", job.failed},
                    {"median", job.median},
                    {"p90", job.p90}});
  }
  return {{"days", std::move(days)}, {"jobs", std::move(jobs)}, {"sampled", model.sampled}};
}

Page about_page(const SiteWords& words) {
  View view = page_view(words);
  view.set("site", words.title).set("contact", words.contact).set("version", words.version);
  view.set("patches", words.patches);
  Page page;
  page.heading = "About";
  page.section = Section::about;
  page.body = render_template("about", view);
  page.json = "/about/?format=json";
  return page;
}

json::object about_json(const SiteWords& words) {
  return {{"site", words.title},
          {"program", "patchmill"},
          {"version", words.version},
          {"contact", words.contact.empty() ? json::value(nullptr) : json::value(words.contact)}};
}

}  // namespace patchmill::web
