#include "web/charts.hpp"

#include "web/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace patchmill::web {
namespace {

constexpr double k_width = 900;
constexpr double k_height = 220;
constexpr double k_left = 20;
constexpr double k_bottom = 24;
constexpr double k_top = 10;
constexpr double k_right = 90;  // words of the axis, beside the newest day
constexpr double k_plot_width = k_width - k_left - k_right;
constexpr double k_plot_height = k_height - k_bottom - k_top;

// The least 1, 2 or 5 times a power of ten that is not smaller.
double round_up(double value) {
  if (value <= 0) {
    return 1;
  }
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 5.0, 10.0}) {
    if (value <= step * power) {
      return step * power;
    }
  }
  return value;
}

// The ends of axes with four steps people count in.
double end_of_counts(double value) {
  return 4 * round_up(std::max(value, 4.0) / 4);
}

double end_of_durations(double seconds) {
  constexpr double minute = 60;
  constexpr double hour = 3600;
  constexpr double day = 86'400;
  if (seconds <= 4) {
    return 4 * round_up(seconds / 4);
  }
  for (const double end : {20.0, 40.0, minute, 2 * minute, 4 * minute, 8 * minute, 20 * minute,
                           40 * minute, hour, 2 * hour, 4 * hour, 8 * hour, day}) {
    if (seconds <= end) {
      return end;
    }
  }
  return 4 * day * round_up(seconds / day / 4);
}

void begin(Html& svg, std::string_view label) {
  svg.raw("<svg class=\"chart\" role=\"img\" viewBox=\"0 0 ").text(format_tenth(k_width)).raw(" ");
  svg.text(format_tenth(k_height)).raw("\" aria-label=\"").text(label).raw("\">\n");
}

void rules(Html& svg, double most, bool durations) {
  for (int i = 0; i <= 4; ++i) {
    const double value = most * i / 4;
    const std::string y = format_tenth(k_top + k_plot_height * (1 - i / 4.0));
    svg.raw("<line class=\"grid\" x1=\"").text(format_tenth(k_left)).raw("\" x2=\"");
    svg.text(format_tenth(k_width - k_right)).raw("\" y1=\"").text(y).raw("\" y2=\"").text(y);
    svg.raw("\"/><text class=\"tick start\" x=\"")
        .text(format_tenth(k_width - k_right + 6))
        .raw("\" y=\"");
    svg.text(format_tenth(k_top + k_plot_height * (1 - i / 4.0) + 4)).raw("\">");
    svg.text(durations ? format_duration(
                             std::chrono::microseconds(static_cast<std::int64_t>(value * 1e6)))
                       : fmt::format("{:g}", value));
    svg.raw("</text>\n");
  }
}

void dates(Html& svg, const std::vector<DayStats>& days) {
  const std::size_t step = std::max<std::size_t>(1, days.size() / 6);
  // From today backwards.
  for (std::size_t i = (days.size() - 1) % step; i < days.size(); i += step) {
    const double x =
        k_left + k_plot_width * (static_cast<double>(i) + 0.5) / static_cast<double>(days.size());
    svg.raw("<text class=\"tick\" x=\"")
        .text(format_tenth(x))
        .raw("\" y=\"")
        .text(format_tenth(k_height - 6));
    svg.raw("\">").text(days[i].day.substr(5)).raw("</text>\n");
  }
}

}  // namespace

Html verdict_chart(const std::vector<DayStats>& days) {
  Html svg;
  std::uint64_t largest = 0;
  std::uint64_t total = 0;
  std::uint64_t passed = 0;
  for (const DayStats& day : days) {
    largest = std::max(largest, day.judged());
    total += day.judged();
    passed += day.pass + day.warning;
  }
  if (total == 0) {
    return svg;
  }
  begin(svg,
        fmt::format(
            "Verdicts a day: {} series judged, {} of them passed; the table below says the same",
            total, passed));
  const double most = end_of_counts(static_cast<double>(largest));
  rules(svg, most, false);
  const double slot = k_plot_width / static_cast<double>(days.size());
  for (std::size_t i = 0; i < days.size(); ++i) {
    const DayStats& day = days[i];
    const std::pair<std::uint64_t, Badge> parts[] = {
        {day.pass, badge_of(findings::Verdict::pass)},
        {day.warning, badge_of(findings::Verdict::warning)},
        {day.fail, badge_of(findings::Verdict::fail)},
        {day.incomplete, badge_of(findings::Verdict::incomplete)},
        {day.skip, badge_of(findings::Verdict::skip)}};
    double y = k_top + k_plot_height;
    for (const auto& [n, badge] : parts) {
      if (n == 0) {
        continue;
      }
      const double height = k_plot_height * static_cast<double>(n) / most;
      y -= height;
      svg.raw("<rect class=\"bar ").text(badge.css).raw("\" x=\"");
      svg.text(format_tenth(k_left + slot * static_cast<double>(i) + slot * 0.1))
          .raw("\" y=\"")
          .text(format_tenth(y));
      svg.raw("\" width=\"")
          .text(format_tenth(slot * 0.8))
          .raw("\" height=\"")
          .text(format_tenth(height))
          .raw("\"><title>");
      svg.text(fmt::format("{}: {} {}", day.day, n, badge.word)).raw("</title></rect>\n");
    }
  }
  dates(svg, days);
  svg.raw("</svg>\n");
  return svg;
}

Html duration_chart(const std::vector<DayStats>& days, const Lines& lines) {
  Html svg;
  double largest = 0;
  std::size_t known = 0;
  for (const DayStats& day : days) {
    if (day.*lines.p90) {
      largest = std::max(largest, *(day.*lines.p90));
      ++known;
    }
  }
  if (known == 0) {
    return svg;
  }
  begin(svg, fmt::format(
                 "{} over {} days: median and the 90th percentile; the table below says the same",
                 lines.what, known));
  const double most = end_of_durations(std::max(largest, 0.1));
  rules(svg, most, true);
  const auto place = [&](std::size_t i, double value) {
    const double x =
        k_left + k_plot_width * (static_cast<double>(i) + 0.5) / static_cast<double>(days.size());
    return std::pair(format_tenth(x), format_tenth(k_top + k_plot_height * (1 - value / most)));
  };
  for (const bool upper : {true, false}) {
    std::string path;
    bool pen = false;
    Html dots;
    for (std::size_t i = 0; i < days.size(); ++i) {
      const auto& value = days[i].*(upper ? lines.p90 : lines.median);
      if (!value) {
        pen = false;
        continue;
      }
      const auto [x, y] = place(i, *value);
      path += fmt::format("{}{} {} ", pen ? "L" : "M", x, y);
      pen = true;
      dots.raw("<circle class=\"").text(upper ? "p90" : "median").raw("\" r=\"3\" cx=\"").text(x);
      dots.raw("\" cy=\"").text(y).raw("\"><title>");
      dots.text(fmt::format(
          "{}: {} {}", days[i].day, upper ? "90 % within" : "median",
          format_duration(std::chrono::microseconds(static_cast<std::int64_t>(*value * 1e6)))));
      dots.raw("</title></circle>\n");
    }
    svg.raw("<path class=\"line ")
        .text(upper ? "p90" : "median")
        .raw("\" d=\"")
        .text(path)
        .raw("\"/>\n");
    svg.add(dots);
  }
  dates(svg, days);
  svg.raw("</svg>\n");
  return svg;
}

}  // namespace patchmill::web
