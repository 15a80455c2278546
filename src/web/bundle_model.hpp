#pragma once
// Bundles of a project, and what is in one. Whoever asks has to be told of no private bundle of
// somebody else: not that it is there either.

#include "registry/model.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::web {

struct BundleList {
  registry::Project project;
  std::vector<registry::Bundle> rows;  // the first 250 by name: public ones, and those of `viewer`
  std::uint64_t total = 0;
};
BundleList read_bundles(store::Database& database, const registry::Project& project,
                        std::optional<registry::Id> viewer);

struct BundleModel {
  registry::Bundle bundle;
  registry::Project project;
  struct Row {
    registry::SubmissionRef patch;
    std::string project;  // link name
    std::string state;    // its name
  };
  std::vector<Row> rows;  // in the order of the bundle
};
// Nothing where there is none, or none that `viewer` may see.
std::optional<BundleModel> read_bundle(store::Database& database, std::string_view owner,
                                       std::string_view name, std::optional<registry::Id> viewer);

}  // namespace patchmill::web
