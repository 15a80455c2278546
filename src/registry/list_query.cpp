#include "registry/list_query.hpp"

#include "registry/list_index.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::registry {
namespace {

void add_conditions(Conditions& further, const ListTable& table, const ListQuery& query) {
  const auto column = [](std::string_view name) { return fmt::format("t.{}", name); };
  further.any_of("t.project", query.projects);
  further.any_of(column(table.submitter), query.submitters);
  const bool none_too = std::find(query.users.begin(), query.users.end(), 0) != query.users.end();
  further.any_of(none_too ? fmt::format("COALESCE(t.{}, 0)", table.user) : column(table.user),
                 query.users);
  further.any_of(column(table.kind), query.kinds);
  if (query.flag) {
    further.add(column(table.flag) + " = ?", *query.flag ? 1 : 0);
  }
  further.within("t.date", query.date);
  further.contains({column(table.text)}, query.words);
}

}  // namespace

Selection select(store::Database& database, const ListTable& table, const ListQuery& query,
                 Conditions further, const Sorting& sorting, PageAsked page, ListIndex* index) {
  if (index != nullptr && further.sql().empty() && !sorting.keys.empty()) {
    if (auto selection = index->select(database, table, query, sorting, page)) {
      return *std::move(selection);
    }
  }
  add_conditions(further, table, query);
  return select(database, table.name, further, sorting.sql, page);
}

std::vector<Id> select_users(store::Database& database, const ListTable& table,
                             const ListQuery& query, Conditions further, ListIndex* index) {
  if (index != nullptr && further.sql().empty()) {
    if (auto ids = index->users(database, table, query)) {
      return *std::move(ids);
    }
  }
  add_conditions(further, table, query);
  further.add(fmt::format("t.{} IS NOT NULL", table.user));
  std::vector<Id> ids;
  database.each_with(
      fmt::format("SELECT DISTINCT t.{} FROM {} t{}", table.user, table.name, further.sql()),
      further.values(), [&](const store::Row& row) { ids.push_back(row.integer(0)); });
  return ids;
}

}  // namespace patchmill::registry
