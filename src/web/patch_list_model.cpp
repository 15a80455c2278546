#include "web/patch_list_model.hpp"

#include "registry/get.hpp"
#include "tracker/bulk_query.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace patchmill::web {
namespace {

using registry::Id;

constexpr std::uint64_t k_most_names = 250;  // a page of names has no more
constexpr std::size_t k_most_people = 200;

// What Patchwork's lists hold when nobody says otherwise.
registry::Values needing_action(const std::vector<registry::State>& states) {
  registry::Values slugs;
  for (const auto& state : states) {
    if (state.action_required) {
      slugs.push_back(state.slug);
    }
  }
  return slugs;
}

std::vector<registry::Project> all_projects(store::Database& database) {
  return registry::find_projects(database, {"", {"name", false}}, {1, k_most_names}).items;
}

// Maintainers, and those others: rules of delegation and Patchwork's API name whom they like.
std::vector<registry::User> users_of(const std::vector<registry::Project>& projects,
                                     std::vector<registry::User> others) {
  std::map<std::string, registry::User> by_name;
  for (const auto& project : projects) {
    for (const auto& user : project.maintainers) {
      by_name.emplace(user.username, user);
    }
  }
  for (auto& user : others) {
    by_name.emplace(user.username, std::move(user));
  }
  std::vector<registry::User> users;
  for (auto& [_, user] : by_name) {
    users.push_back(std::move(user));
  }
  users.resize(std::min(users.size(), k_most_people));
  return users;
}

std::uint64_t count(store::Database& database, registry::ListIndex& index,
                    registry::PatchFilter filter, const registry::Values& states) {
  if (states.empty()) {
    return 0;
  }
  filter.state = states;
  filter.archived = false;
  return registry::find_patches(database, filter, {1, 1}, &index).total;
}

// Patchwork's pages order people by their names; its API by their ids.
registry::Order order_of(std::string_view asked) {
  const bool descending = asked.starts_with('-');
  asked.remove_prefix(descending ? 1 : 0);
  const std::string field(asked);
  return {field == "submitter" || field == "delegate" ? field + "_name" : field, descending};
}

}  // namespace

void read_marks(store::Database& database, std::span<PatchRow> rows) {
  std::vector<Id> ids;
  std::unordered_map<Id, PatchRow*> by_id;
  for (PatchRow& row : rows) {
    ids.push_back(row.patch.self.id);
    by_id.emplace(row.patch.self.id, &row);
  }
  tracker::each_in<Id>(
      database, "SELECT id, acked, reviewed, tested FROM registry_patches WHERE id", ids,
      [&](const store::Row& row) {
        by_id[row.integer(0)]->tags = {row.get<int>(1), row.get<int>(2), row.get<int>(3)};
      });
  // Patch, user and context, and the newest there.
  std::map<std::tuple<Id, Id, std::string>, std::tuple<std::int64_t, Id, registry::CheckState>>
      newest;
  tracker::each_in<Id>(
      database, "SELECT patch, user_id, context, date, id, state FROM registry_checks WHERE patch",
      ids, [&](const store::Row& row) {
        const std::tuple check(row.integer(3), row.integer(4), row.get<registry::CheckState>(5));
        auto& known = newest[{row.integer(0), row.integer(1), row.get<std::string>(2)}];
        known = std::max(known, check);
      });
  for (const auto& [key, check] : newest) {
    CheckCounts& counts = by_id[std::get<0>(key)]->checks;
    switch (std::get<2>(check)) {
      case registry::CheckState::success:
        ++counts.success;
        break;
      case registry::CheckState::warning:
        ++counts.warning;
        break;
      case registry::CheckState::fail:
        ++counts.fail;
        break;
      case registry::CheckState::pending:
        ++counts.pending;
        break;
    }
  }
}

std::vector<registry::Check> newest_checks(std::vector<registry::Check> checks) {
  std::sort(checks.begin(), checks.end(), [](const auto& a, const auto& b) {
    return std::tie(a.context, a.user.id, b.date, b.id) <
           std::tie(b.context, b.user.id, a.date, a.id);
  });
  checks.erase(std::unique(checks.begin(), checks.end(),
                           [](const auto& a, const auto& b) {
                             return a.context == b.context && a.user.id == b.user.id;
                           }),
               checks.end());
  return checks;
}

PatchList read_patch_list(store::Database& database, registry::ListIndex& index,
                          const std::optional<registry::Project>& project,
                          const std::optional<registry::User>& todo, const PatchListQuery& query) {
  PatchList list;
  list.query = query;
  list.project = project;
  list.todo = todo;
  list.states = registry::states(database);
  const auto projects = project ? std::vector{*project} : all_projects(database);
  registry::PatchFilter filter;
  if (project) {
    filter.project = {std::to_string(project->id)};
  }
  list.delegates = users_of(projects, registry::find_delegates(database, filter, &index));
  if (const auto number = parse_uint(query.series)) {
    filter.series = {query.series};
    list.series = registry::series(database, static_cast<Id>(*number));
    if (!list.series || (project && list.series->self.project != project->id)) {
      list.series.reset();
      return list;
    }
  }
  if (query.default_states()) {
    filter.state = needing_action(list.states);
    if (filter.state.empty()) {
      return list;
    }
  } else if (!query.any_state()) {
    filter.state = query.states;
  }
  // As Patchwork: an id, else whoever has this in the name or the address.
  if (parse_uint(query.submitter)) {
    filter.submitter = {query.submitter};
  } else {
    filter.submitter_text = query.submitter;
  }
  if (todo) {
    filter.delegate = {std::to_string(todo->id)};
  } else if (query.nobody()) {
    filter.undelegated = true;
  } else if (!query.delegate.empty()) {
    filter.delegate = {query.delegate};
  }
  if (query.archived() != Archive::both) {
    filter.archived = query.archived() == Archive::yes;
  }
  filter.q = query.text;
  filter.order = order_of(query.order);
  auto page = registry::find_patches(database, filter, {query.page, query.per_page}, &index);
  list.total = page.total;
  std::map<Id, std::string> links;
  for (const auto& known : projects) {
    links.emplace(known.id, known.link_name);
  }
  for (auto& patch : page.items) {
    PatchRow row;
    std::string& link = links[patch.self.project];
    if (link.empty()) {  // more projects than a page of names holds
      const auto known = registry::project(database, patch.self.project);
      link = known ? known->link_name : "";
    }
    row.project = link;
    row.patch = std::move(patch);
    list.rows.push_back(std::move(row));
  }
  read_marks(database, list.rows);
  return list;
}

std::vector<TodoRow> read_todo(store::Database& database, registry::ListIndex& index,
                               const std::optional<registry::Project>& project) {
  const auto states = needing_action(registry::states(database));
  std::vector<TodoRow> rows;
  registry::PatchFilter filter;
  if (project) {
    filter.project = {std::to_string(project->id)};
  }
  std::vector<registry::User> others;
  if (!states.empty()) {
    filter.state = states;
    filter.archived = false;
    others = registry::find_delegates(database, filter, &index);
  }
  for (auto& user :
       users_of(project ? std::vector{*project} : all_projects(database), std::move(others))) {
    filter.delegate = {std::to_string(user.id)};
    rows.push_back({std::move(user), count(database, index, filter, states)});
  }
  return rows;
}

std::vector<ProjectRow> read_projects(store::Database& database, registry::ListIndex& index) {
  const auto states = needing_action(registry::states(database));
  std::vector<ProjectRow> rows;
  for (auto& project : all_projects(database)) {
    registry::PatchFilter filter;
    filter.project = {std::to_string(project.id)};
    rows.push_back({std::move(project), count(database, index, std::move(filter), states)});
  }
  return rows;
}

}  // namespace patchmill::web
