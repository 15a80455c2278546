#include "registry/list_query.hpp"

#include "registry/list_index.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::registry {

Selection select(store::Database& database, const ListTable& table, const ListQuery& query,
                 Conditions further, const Sorting& sorting, PageAsked page, ListIndex* index) {
  if (index != nullptr && further.sql().empty() && !sorting.keys.empty()) {
    if (auto selection = index->select(database, table, query, sorting, page)) {
      return *std::move(selection);
    }
  }
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
  return select(database, table.name, further, sorting.sql, page);
}

}  // namespace patchmill::registry
