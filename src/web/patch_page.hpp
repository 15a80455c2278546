#pragma once
// A patch as HTML and JSON.

#include "web/page.hpp"
#include "web/patch_model.hpp"
#include "web/range_diff.hpp"

#include <boost/json/fwd.hpp>

namespace patchmill::web {

// range_diff: whether there is a page for it.
Page patch_page(const SiteWords& words, const PatchModel& model, Timestamp now, bool range_diff);
boost::json::object patch_json(const SiteWords& words, const PatchModel& model);

// older and newer: revisions of one work. made: what changed, or why that cannot be told.
Page range_diff_page(const SiteWords& words, const tracker::Series& older,
                     const tracker::Series& newer, const Result<RangeDiff>& made);

}  // namespace patchmill::web
