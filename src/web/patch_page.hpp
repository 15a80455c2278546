#pragma once
// A patch as HTML and JSON.

#include "web/page.hpp"
#include "web/patch_model.hpp"

#include <boost/json/fwd.hpp>

namespace patchmill::web {

Page patch_page(const SiteWords& words, const PatchModel& model, Timestamp now);
boost::json::object patch_json(const SiteWords& words, const PatchModel& model);

// older and newer: revisions of one work. text: of `git range-diff`, or why there is none.
Page range_diff_page(const SiteWords& words, const tracker::Series& older,
                     const tracker::Series& newer, const Result<std::string>& text);

}  // namespace patchmill::web
