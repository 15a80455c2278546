#pragma once
// Patches of the registry as a list, what somebody has to do, and the projects there are.

#include "registry/find.hpp"
#include "registry/list_index.hpp"
#include "registry/mail_marks.hpp"
#include "store/database.hpp"
#include "web/patch_list_query.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace patchmill::web {

// Of the newest check of every user and context.
struct CheckCounts {
  int success = 0, warning = 0, fail = 0, pending = 0;
  friend bool operator==(const CheckCounts&, const CheckCounts&) = default;
};

struct PatchRow {
  registry::Patch patch;
  std::string project;         // link name
  registry::TagCounts tags{};  // A/R/T
  CheckCounts checks;
};

struct PatchList {
  PatchListQuery query;
  std::optional<registry::Project> project;  // none: of all projects
  std::optional<registry::User> todo;        // what this one has to do
  std::optional<registry::Series> series;    // which the list is of
  std::vector<PatchRow> rows;
  std::uint64_t total = 0;                // of all pages
  std::vector<registry::State> states;    // all there are
  std::vector<registry::User> delegates;  // maintainers, and who is one; at most 200, by username
};

// One page, selected by the index in memory, whatever the number of patches.
PatchList read_patch_list(store::Database& database, registry::ListIndex& index,
                          const std::optional<registry::Project>& project,
                          const std::optional<registry::User>& todo, const PatchListQuery& query);

// Maintainers and everybody else who has some: how many patches of theirs need action.
struct TodoRow {
  registry::User user;
  std::uint64_t patches = 0;
};
// At most 200, by username; of all projects, or of one.
std::vector<TodoRow> read_todo(store::Database& database, registry::ListIndex& index,
                               const std::optional<registry::Project>& project = std::nullopt);

struct ProjectRow {
  registry::Project project;
  std::uint64_t patches = 0;  // that need action
};
// At most 250, by name.
std::vector<ProjectRow> read_projects(store::Database& database, registry::ListIndex& index);

// For the pages of one patch, too.
// ------------------------------------------------------------------
void read_marks(store::Database& database, std::span<PatchRow> rows);
// The newest of every user and context, by context.
std::vector<registry::Check> newest_checks(std::vector<registry::Check> checks);

}  // namespace patchmill::web
