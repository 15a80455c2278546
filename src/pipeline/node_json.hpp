#pragma once
// Nodes and findings as JSON, the same for the commands and the pages.

#include "findings/finding.hpp"
#include "pipeline/node.hpp"

#include <boost/json/fwd.hpp>

#include <span>

namespace patchmill::pipeline {

boost::json::object node_json(const Node& node);
boost::json::array findings_json(std::span<const findings::Finding> findings);

}  // namespace patchmill::pipeline
