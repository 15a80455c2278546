#pragma once
// When what ran: a picture made on the server, for people who see; the table of nodes says the
// same.

#include "pipeline/node.hpp"
#include "util/clock.hpp"
#include "web/html.hpp"

#include <vector>

namespace patchmill::web {

// One bar a node that was started or waits, at most 60 (the longest); empty when there is none.
// Running ones last until `now`.
Html timeline_svg(const std::vector<pipeline::Node>& nodes, Timestamp now);

}  // namespace patchmill::web
