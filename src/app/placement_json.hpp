#pragma once
// A placement as JSON: what `patchmill explain --json` prints and the checkout node keeps.

#include "placement/placement.hpp"

#include <boost/json/object.hpp>

namespace patchmill::app {

boost::json::object placement_json(const placement::Placement& placement);

}  // namespace patchmill::app
