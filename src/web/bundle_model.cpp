#include "web/bundle_model.hpp"

#include "registry/find.hpp"
#include "registry/get.hpp"
#include "tracker/bulk_query.hpp"

#include <unordered_map>

namespace patchmill::web {
namespace {

constexpr std::uint64_t k_most_bundles = 250;

}  // namespace

BundleList read_bundles(store::Database& database, const registry::Project& project,
                        std::optional<registry::Id> viewer) {
  registry::BundleFilter filter;
  filter.project = {std::to_string(project.id)};
  filter.viewer = viewer;
  filter.order = {"name", false};
  auto page = registry::find_bundles(database, filter, {1, k_most_bundles});
  return {project, std::move(page.items), page.total};
}

std::optional<BundleModel> read_bundle(store::Database& database, std::string_view owner,
                                       std::string_view name, std::optional<registry::Id> viewer) {
  auto bundle = registry::bundle(database, owner, name);
  if (!bundle || (!bundle->is_public && viewer != bundle->owner.id)) {
    return std::nullopt;
  }
  auto project = registry::project(database, bundle->project);
  if (!project) {
    return std::nullopt;
  }
  BundleModel model;
  model.bundle = std::move(*bundle);
  model.project = std::move(*project);
  std::vector<registry::Id> ids;
  for (const auto& patch : model.bundle.patches) {
    ids.push_back(patch.id);
  }
  std::unordered_map<registry::Id, std::pair<std::string, std::string>> known;
  tracker::each_in<registry::Id>(database,
                                 "SELECT t.id, p.link_name, s.name FROM registry_patches t"
                                 " JOIN registry_projects p ON p.id = t.project"
                                 " JOIN registry_states s ON s.id = t.state WHERE t.id",
                                 ids, [&](const store::Row& row) {
                                   known[row.integer(0)] = {row.get<std::string>(1),
                                                            row.get<std::string>(2)};
                                 });
  for (const auto& patch : model.bundle.patches) {
    const auto found = known.find(patch.id);
    if (found != known.end()) {
      model.rows.push_back({patch, found->second.first, found->second.second});
    }
  }
  return model;
}

}  // namespace patchmill::web
