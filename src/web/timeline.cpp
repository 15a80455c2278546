#include "web/timeline.hpp"

#include "util/text.hpp"
#include "web/format.hpp"
#include "web/series_page.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::web {
namespace {

constexpr std::size_t k_most_bars = 60;
constexpr double k_label = 190;
constexpr double k_timeline_width = 900;
constexpr double k_timeline_right = 80;
constexpr double k_row = 22;
constexpr double k_timeline_top = 24;

struct Bar {
  std::string label;
  Badge badge;
  Timestamp waited, started, ended;
};

// A step people count in, at most eight of them.
std::int64_t tick_step(std::int64_t seconds) {
  for (const std::int64_t step :
       {1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400}) {
    if (seconds / step <= 8) {
      return step;
    }
  }
  return seconds / 8 + 1;
}

std::vector<Bar> bars_of(const std::vector<pipeline::Node>& nodes, Timestamp now) {
  std::vector<Bar> bars;
  for (const auto& node : nodes) {
    if (!is_timed(node) || !node.created) {
      continue;
    }
    Bar bar;
    bar.label = node.patch ? fmt::format("{} (patch {})", node.name, *node.patch) : node.name;
    bar.badge = badge_of(node.result, !node.finished, true);
    bar.waited = std::min(*node.created, *node.started);
    bar.started = *node.started;
    bar.ended = std::max(node.finished.value_or(now), *node.started);
    bars.push_back(std::move(bar));
  }
  if (bars.size() > k_most_bars) {
    std::stable_sort(bars.begin(), bars.end(), [](const Bar& a, const Bar& b) {
      return a.ended - a.started > b.ended - b.started;
    });
    bars.resize(k_most_bars);
  }
  std::stable_sort(bars.begin(), bars.end(),
                   [](const Bar& a, const Bar& b) { return a.started < b.started; });
  return bars;
}

}  // namespace

Html timeline_svg(const std::vector<pipeline::Node>& nodes, Timestamp now) {
  Html svg;
  const auto bars = bars_of(nodes, now);
  if (bars.empty()) {
    return svg;
  }
  Timestamp from = bars.front().waited;
  Timestamp to = bars.front().ended;
  for (const Bar& bar : bars) {
    from = std::min(from, bar.waited);
    to = std::max(to, bar.ended);
  }
  const double span = std::max<double>(1e5, static_cast<double>((to - from).count()));
  const double plot = k_timeline_width - k_label - k_timeline_right;
  const auto x = [&](Timestamp time) {
    return k_label + plot * static_cast<double>((time - from).count()) / span;
  };
  const double height = k_timeline_top + k_row * static_cast<double>(bars.size()) + 4;
  svg.raw("<svg class=\"chart timeline\" role=\"img\" viewBox=\"0 0 ")
      .text(format_tenth(k_timeline_width))
      .raw(" ");
  svg.text(format_tenth(height)).raw("\" aria-label=\"");
  svg.text(fmt::format("Timeline: {} in {}; the table of what ran says the same",
                       count_of(bars.size(), "node", "nodes"), format_duration(to - from)));
  svg.raw("\">\n");
  const auto seconds = static_cast<std::int64_t>(span / 1e6);
  const std::int64_t step = tick_step(seconds);
  for (std::int64_t at = 0; at <= seconds; at += step) {
    const std::string where = format_tenth(k_label + plot * static_cast<double>(at) * 1e6 / span);
    svg.raw("<line class=\"grid\" x1=\"").text(where).raw("\" x2=\"").text(where);
    svg.raw("\" y1=\"18\" y2=\"")
        .text(format_tenth(height))
        .raw("\"/><text class=\"tick\" x=\"")
        .text(where);
    svg.raw("\" y=\"13\">")
        .text(at == 0 ? "0" : format_duration(std::chrono::seconds(at)))
        .raw("</text>\n");
  }
  double y = k_timeline_top;
  for (const Bar& bar : bars) {
    const double start = x(bar.started);
    const double width = std::max(2.0, x(bar.ended) - start);
    svg.raw("<g><title>");
    svg.text(fmt::format("{}: {}, waited {}, ran {}", bar.label, bar.badge.word,
                         format_duration(bar.started - bar.waited),
                         format_duration(bar.ended - bar.started)));
    svg.raw("</title><text class=\"label\" x=\"0\" y=\"").text(format_tenth(y + 14)).raw("\">");
    svg.text(std::string(bar.badge.mark) + " " + ellipsize(bar.label, 28)).raw("</text>");
    svg.raw("<rect class=\"bar waiting\" x=\"").text(format_tenth(x(bar.waited))).raw("\" y=\"");
    svg.text(format_tenth(y + 7))
        .raw("\" height=\"4\" width=\"")
        .text(format_tenth(start - x(bar.waited)))
        .raw("\"/>");
    svg.raw("<rect class=\"bar ")
        .text(bar.badge.css)
        .raw("\" rx=\"2\" x=\"")
        .text(format_tenth(start));
    svg.raw("\" y=\"")
        .text(format_tenth(y + 2))
        .raw("\" height=\"14\" width=\"")
        .text(format_tenth(width))
        .raw("\"/>");
    svg.raw("<text class=\"value\" x=\"")
        .text(format_tenth(start + width + 4))
        .raw("\" y=\"")
        .text(format_tenth(y + 14));
    svg.raw("\">").text(format_duration(bar.ended - bar.started)).raw("</text></g>\n");
    y += k_row;
  }
  svg.raw("</svg>\n");
  return svg;
}

}  // namespace patchmill::web
