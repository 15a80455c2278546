#pragma once
// Bundles as HTML and JSON.

#include "web/bundle_model.hpp"
#include "web/page.hpp"

#include <boost/json/fwd.hpp>

namespace patchmill::web {

Page bundles_page(const SiteWords& words, const BundleList& list);
boost::json::object bundles_json(const SiteWords& words, const BundleList& list);

Page bundle_page(const SiteWords& words, const BundleModel& model);
// In Patchwork's names.
boost::json::object bundle_json(const SiteWords& words, const BundleModel& model);

}  // namespace patchmill::web
