#pragma once
// Pictures of numbers over days, made on the server. A table beside each says the same.

#include "web/html.hpp"
#include "web/stats_model.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace patchmill::web {

// Stacked bars a day: pass, warning, fail, incomplete.
Html verdict_chart(const std::vector<DayStats>& days);

// Two lines over days; gaps where there is no value. `what` begins the description.
struct Lines {
  std::string_view what;
  std::optional<double> DayStats::* median;
  std::optional<double> DayStats::* p90;
};
Html duration_chart(const std::vector<DayStats>& days, const Lines& lines);

}  // namespace patchmill::web
