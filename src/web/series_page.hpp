#pragma once
// A series as HTML and JSON.

#include "web/page.hpp"
#include "web/series_model.hpp"

#include <boost/json/fwd.hpp>

namespace patchmill::web {

// range_diff: whether there is a page for it.
Page series_page(const SiteWords& words, const SeriesModel& model, Timestamp now, bool range_diff);
boost::json::object series_json(const SiteWords& words, const SeriesModel& model);

// pipeline::node_json with the node's address as `web_url`.
boost::json::object node_json(const SiteWords& words, const pipeline::Node& node);

// Views that other pages share. ------------------------------------------------------------------
View finding_view(const findings::Finding& finding);
// Whether it says how long it ran. Nodes of built-in checks are written when they have ended; what
// was skipped has never begun, and ends where it starts.
bool is_timed(const pipeline::Node& node);
View node_view(const pipeline::Node& node, Timestamp now);

}  // namespace patchmill::web
