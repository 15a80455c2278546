#pragma once
// Dates as people type them.

#include "util/clock.hpp"

#include <optional>
#include <string_view>

namespace patchmill::cli {

// "2026-11-20" or "2026-11-20T09:30:00", UTC.
std::optional<Timestamp> parse_date(std::string_view text);

}  // namespace patchmill::cli
