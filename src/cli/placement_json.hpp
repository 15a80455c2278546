#pragma once
// A placement as JSON.

#include "placement/placement.hpp"

#include <boost/json/object.hpp>

namespace patchmill::cli {

boost::json::object placement_json(const placement::Placement& placement);

// "2026-11-20" or "2026-11-20T09:30:00", UTC.
std::optional<Timestamp> parse_date(std::string_view text);

}  // namespace patchmill::cli
