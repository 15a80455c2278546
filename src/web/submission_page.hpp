#pragma once
// A patch or cover of the registry as HTML and JSON.

#include "web/page.hpp"
#include "web/submission_model.hpp"

#include <boost/json/fwd.hpp>

#include <string_view>

namespace patchmill::web {

// range_diff: whether there is a page for it.
Page submission_page(const SiteWords& words, const SubmissionModel& model, bool range_diff);
boost::json::object submission_json(const SiteWords& words, const SubmissionModel& model);

// A reply: what is quoted in it apart from what is new, links made to work.
Html comment_html(std::string_view text);

// The address that a format of a project's makes of a Message-ID or commit ({} stands for it);
// empty when it is none of http or https.
std::string filled_url(std::string_view format, std::string_view value);

}  // namespace patchmill::web
