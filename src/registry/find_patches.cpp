#include "registry/find.hpp"
#include "registry/list_query.hpp"
#include "registry/names.hpp"
#include "registry/rows.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <array>

namespace patchmill::registry {
namespace {

// As Patchwork: projects by link name, states by their ordering. Its API orders by a submitter's
// id, its pages by the names.
constexpr std::array<SortKey, 9> k_patch_keys = {
    {{"id", "t.id", false, ListKey::id},
     {"name", "t.name", true, ListKey::name},
     {"project", "(SELECT o.link_key FROM registry_projects o WHERE o.id = t.project)", true,
      ListKey::project},
     {"date", "t.date", false, ListKey::date},
     {"state", "(SELECT o.ordering FROM registry_states o WHERE o.id = t.state)", false,
      ListKey::kind},
     {"archived", "t.archived", false, ListKey::flag},
     {"submitter", "t.submitter", false, ListKey::submitter},
     {"submitter_name", "(SELECT o.name FROM registry_people o WHERE o.id = t.submitter)", true,
      ListKey::submitter_name},
     {"delegate_name",
      "COALESCE((SELECT o.username_key FROM registry_users o WHERE o.id = t.delegate), '')", true,
      ListKey::user_name}}};

struct PatchQuery {
  ListQuery query;
  Conditions further;
};

// Nothing: no patch can fit.
std::optional<PatchQuery> patch_query(store::Database& database, const PatchFilter& filter) {
  const auto ids = ids_from(filter.id);
  auto projects = projects_named(database, filter.project);
  const auto series = rows_named(database, "registry_series", filter.series);
  auto submitters = filter.submitter_text.empty() ? people_named(database, filter.submitter)
                                                  : people_with(database, filter.submitter_text);
  auto delegates = users_named(database, filter.delegate);
  auto states = states_named(database, filter.state);
  const auto range = range_of(filter.date);
  auto words = words_of(filter.q);
  if (!ids || !projects || !series || !submitters || !delegates || !states || !range || !words) {
    return std::nullopt;
  }
  if (filter.undelegated) {
    delegates->push_back(0);
  }
  ListQuery query{*std::move(projects), *std::move(submitters), *std::move(delegates),
                  *std::move(states),   filter.archived,        *range,
                  *std::move(words)};
  Conditions further(database.engine());
  further.any_of("t.id", *ids);
  further.any_of("t.series", *series);
  if (!filter.hash.empty()) {
    std::vector<std::string> hashes;
    std::transform(filter.hash.begin(), filter.hash.end(), std::back_inserter(hashes),
                   [](const std::string& hash) { return to_lower(hash); });
    further.any_of("t.hash", hashes);
  }
  if (!filter.msgid.empty()) {
    further.any_msgid("t.msgid", filter.msgid);
  }
  return PatchQuery{std::move(query), std::move(further)};
}

}  // namespace

Page<Patch> find_patches(store::Database& database, const PatchFilter& filter, PageAsked page,
                         ListIndex* index) {
  auto asked = patch_query(database, filter);
  if (!asked) {
    return {};
  }
  const auto selection =
      select(database, k_patch_list, asked->query, std::move(asked->further),
             order_by(database.engine(), filter.order, k_patch_keys), page, index);
  return {in_order(patches_by_id(database, selection.ids), selection.ids), selection.total};
}

std::vector<User> find_delegates(store::Database& database, const PatchFilter& filter,
                                 ListIndex* index) {
  auto asked = patch_query(database, filter);
  if (!asked) {
    return {};
  }
  const auto ids =
      select_users(database, k_patch_list, asked->query, std::move(asked->further), index);
  auto users = in_order(users_by_id(database, ids), ids);
  std::ranges::sort(users, {}, &User::username);
  return users;
}

}  // namespace patchmill::registry
