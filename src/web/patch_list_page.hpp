#pragma once
// Lists of patches, projects and things to do as HTML and JSON.

#include "web/page.hpp"
#include "web/patch_list_model.hpp"

#include <boost/json/fwd.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace patchmill::web {

Page patch_list_page(const SiteWords& words, const PatchList& list);
boost::json::object patch_list_json(const SiteWords& words, const PatchList& list);

// Of all projects, or of one.
Page todo_page(const SiteWords& words, const std::vector<TodoRow>& rows,
               const std::optional<registry::Project>& project = std::nullopt);
boost::json::object todo_json(const SiteWords& words, const std::vector<TodoRow>& rows,
                              const std::optional<registry::Project>& project = std::nullopt);

Page projects_page(const SiteWords& words, const std::vector<ProjectRow>& rows);
boost::json::object projects_json(const SiteWords& words, const std::vector<ProjectRow>& rows);

// What pages of patches share. --------------------------------------------------------------------
// "/project/LINK/WHAT/MSGID/"; what: patch or cover.
std::string submission_path(std::string_view project, std::string_view what,
                            std::string_view msgid);
std::string user_name(const registry::User& user);        // the full name, else the username
std::string person_name(const registry::Person& person);  // the name, else the address
Badge badge_of(registry::CheckState state);
std::string_view to_string(registry::CheckState state);  // Patchwork's words
View::List check_counts(const CheckCounts& counts);
std::string tag_counts(const registry::TagCounts& tags);  // "2/1/-"
// One patch of a list, in Patchwork's names.
boost::json::object patch_row_json(const SiteWords& words, const PatchRow& row);

}  // namespace patchmill::web
