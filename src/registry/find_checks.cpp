#include "registry/find.hpp"
#include "registry/names.hpp"
#include "registry/rows.hpp"
#include "registry/sql_builder.hpp"

#include <array>

namespace patchmill::registry {
namespace {

constexpr std::array<SortKey, 7> k_check_keys = {
    {{"id", "t.id"},
     {"user", "t.user_id"},
     {"date", "t.date"},
     {"state", "t.state"},
     {"target_url", "COALESCE(t.target_url, '')", true},
     {"context", "t.context", true},
     {"description", "COALESCE(t.description, '')", true}}};

}  // namespace

Page<Check> find_checks(store::Database& database, std::optional<Id> patch,
                        const CheckFilter& filter, PageAsked page) {
  const auto ids = ids_from(filter.id);
  const auto projects = projects_named(database, filter.project);
  const auto users = users_named(database, filter.user);
  const auto states = check_states_named(filter.state);
  const auto range = range_of(filter.date);
  if (!ids || !projects || !users || !states || !range) {
    return {};
  }
  Conditions conditions(database.engine());
  if (patch) {
    conditions.add("t.patch = ?", *patch);
  }
  conditions.any_of("t.id", *ids);
  conditions.any_of("(SELECT o.project FROM registry_patches o WHERE o.id = t.patch)", *projects);
  conditions.any_of("t.user_id", *users);
  conditions.any_of("t.state", *states);
  if (!filter.context.empty()) {
    conditions.any_of("t.context", filter.context);
  }
  conditions.within("t.date", *range);
  const auto selection = select(database, "registry_checks", conditions,
                                order_by(database.engine(), filter.order, k_check_keys).sql, page);
  return {in_order(checks_by_id(database, selection.ids), selection.ids), selection.total};
}

}  // namespace patchmill::registry
