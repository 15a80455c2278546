#include "registry/find.hpp"
#include "registry/names.hpp"
#include "registry/rows.hpp"
#include "registry/sql_builder.hpp"

#include <array>

namespace patchmill::registry {
namespace {

constexpr std::array<SortKey, 3> k_bundle_keys = {
    {{"id", "t.id"}, {"name", "t.name", true}, {"owner", "t.owner"}}};

}  // namespace

Page<Bundle> find_bundles(store::Database& database, const BundleFilter& filter, PageAsked page) {
  const auto projects = projects_named(database, filter.project);
  const auto owners = users_named(database, filter.owner);
  const auto words = words_of(filter.q);
  if (!projects || !owners || !words) {
    return {};
  }
  Conditions conditions(database.engine());
  // Ids of users begin with 1: 0 is nobody.
  conditions.add("(t.is_public = 1 OR t.owner = ?)", filter.viewer.value_or(0));
  conditions.any_of("t.project", *projects);
  conditions.any_of("t.owner", *owners);
  if (filter.is_public) {
    conditions.add("t.is_public = ?", *filter.is_public ? 1 : 0);
  }
  conditions.contains({"t.name"}, *words);
  const auto selection = select(database, "registry_bundles", conditions,
                                order_by(database.engine(), filter.order, k_bundle_keys).sql, page);
  return {in_order(bundles_by_id(database, selection.ids), selection.ids), selection.total};
}

}  // namespace patchmill::registry
