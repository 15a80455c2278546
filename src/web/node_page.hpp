#pragma once
// A node as HTML and JSON.

#include "web/node_model.hpp"
#include "web/page.hpp"

#include <boost/json/fwd.hpp>

namespace patchmill::web {

Page node_page(const SiteWords& words, const NodeModel& model, Timestamp now);
boost::json::object node_page_json(const SiteWords& words, const NodeModel& model);

// "attachment; filename=…" for a name of anybody's choice (RFC 6266, RFC 8187).
std::string attachment_header(std::string_view name);

}  // namespace patchmill::web
