#pragma once
// What people and machines may change, with who may do it. Every change and its event are one
// transaction; what changes nothing makes no event. A refusal rolls its transaction back: not to be
// called within another one that is to be committed.

#include "registry/model.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"
#include "util/result.hpp"

#include <optional>
#include <string>
#include <vector>

namespace patchmill::registry {

// Why a change was refused.
struct Refusal {
  enum class Kind { forbidden, not_found, invalid, conflict } kind = Kind::invalid;
  std::string field;    // of `invalid`: which one; empty: none of its own
  std::string message;  // for people
};
template <class T>
using Changed = tl::expected<T, Refusal>;

// Maintainers of the patch's project, its delegate, and the user whose address its submitter has.
bool may_change(store::Database& database, const User& who, Id patch);

struct PatchChange {
  std::optional<std::string> state = {};  // slug or name
  std::optional<bool> archived = {};
  std::optional<std::optional<std::string>> commit_ref = {}, pull_url = {};
  std::optional<std::optional<Id>> delegate = {};  // a maintainer of the project
  std::optional<std::vector<Id>> related = {};  // patches, added; an empty list leaves the relation
};
// The clock is read in the turn: dates of events grow in the order of commits.
Changed<Patch> change_patch(store::Database& database, const Clock& clock, const User& who,
                            Id patch, const PatchChange& change);

struct NewCheck {
  CheckState state = CheckState::pending;
  std::string context = "default";
  std::optional<std::string> target_url = {}, description = {};
};
// The same context again is a new row; the newest counts, which is this one: its date is after that
// of every other check of the patch.
Changed<Check> add_check(store::Database& database, const Clock& clock, const User& who, Id patch,
                         const NewCheck& check);

Changed<Comment> address_patch_comment(store::Database& database, const User& who, Id patch,
                                       Id comment, std::optional<bool> addressed);
Changed<Comment> address_cover_comment(store::Database& database, const User& who, Id cover,
                                       Id comment, std::optional<bool> addressed);

struct BundleChange {
  std::optional<std::string> name = {};  // at most 50 characters; a part of an address
  std::optional<bool> is_public = {};
  std::optional<std::vector<Id>> patches = {};  // of one project, at least one
};
Changed<Bundle> add_bundle(store::Database& database, const User& who, Id project,
                           const BundleChange& bundle);
Changed<Bundle> change_bundle(store::Database& database, const User& who, Id bundle,
                              const BundleChange& change);
Changed<void> remove_bundle(store::Database& database, const User& who, Id bundle);

struct ProjectChange {
  std::optional<std::string> web_url = {}, scm_url = {}, webscm_url = {}, list_archive_url = {},
                             list_archive_url_format = {}, commit_url_format = {};
  std::optional<bool> show_dependencies = {};
};
Changed<Project> change_project(store::Database& database, const User& who, Id project,
                                const ProjectChange& change);

}  // namespace patchmill::registry
