#pragma once
// Health as JSON: the same shape on /healthz and in `patchmill status --json`.

#include "service/health_state.hpp"

#include <boost/json/fwd.hpp>

#include <vector>

namespace patchmill::service {

// {"sources": {"state", "since", "message", "todo", "items": [{"name", …}]}, …}; items that are ok
// are only counted ("ok": 3).
boost::json::object to_json(const std::vector<PartHealth>& parts);

}  // namespace patchmill::service
