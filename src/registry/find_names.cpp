// Projects, users and people: lists that are only searched and ordered.

#include "registry/find.hpp"
#include "registry/names.hpp"
#include "registry/rows.hpp"
#include "registry/sql_builder.hpp"

#include <array>
#include <initializer_list>

namespace patchmill::registry {
namespace {

Selection select_names(store::Database& database, std::string_view table,
                       std::initializer_list<std::string_view> columns, std::string_view name,
                       const NameFilter& filter, PageAsked page) {
  const auto words = words_of(filter.q);
  if (!words) {
    return {};
  }
  Conditions conditions(database.engine());
  conditions.contains(columns, *words);
  const std::array<SortKey, 2> keys = {{{"id", "t.id"}, {"name", name, true}}};
  return select(database, table, conditions, order_by(database.engine(), filter.order, keys).sql,
                page);
}

}  // namespace

Page<Project> find_projects(store::Database& database, const NameFilter& filter, PageAsked page) {
  const auto selection = select_names(database, "registry_projects", {"t.name", "t.link_name"},
                                      "t.name", filter, page);
  return {in_order(projects_by_id(database, selection.ids), selection.ids), selection.total};
}

Page<User> find_users(store::Database& database, const NameFilter& filter, PageAsked page) {
  const auto selection = select_names(database, "registry_users",
                                      {"t.username", "t.first_name", "t.last_name", "t.email"},
                                      "t.username", filter, page);
  return {in_order(users_by_id(database, selection.ids), selection.ids), selection.total};
}

Page<Person> find_people(store::Database& database, const NameFilter& filter, PageAsked page) {
  const auto selection =
      select_names(database, "registry_people", {"t.name", "t.email"}, "t.name", filter, page);
  return {in_order(people_by_id(database, selection.ids), selection.ids), selection.total};
}

}  // namespace patchmill::registry
