#include "registry/change.hpp"
#include "registry/field_rules.hpp"
#include "registry/get.hpp"
#include "registry/rights.hpp"
#include "registry/rows.hpp"
#include "registry/writing.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::registry {
namespace {

constexpr std::size_t k_longest_name = 50;  // Patchwork's
constexpr std::size_t k_most_patches = 1'000;

// C0, DEL and, in UTF-8, C1.
bool has_control_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto before = i == 0 ? 0 : static_cast<unsigned char>(text[i - 1]);
    if (byte < 0x20 || byte == 0x7f || (before == 0xc2 && byte < 0xa0)) {
      return true;
    }
  }
  return false;
}

// `own` is the bundle itself, which may keep its name.
Changed<void> check_name(store::Database& database, const User& who, std::string_view name,
                         Id own) {
  if (name.empty()) {
    return invalid("name", "This field may not be blank.");
  }
  PM_TRY(check_text("name", name, k_longest_name));
  if (name.find('/') != std::string_view::npos) {
    return invalid("name", "Bundle names can't contain slashes");
  }
  if (name == "." || name == "..") {
    return invalid("name", "Bundle names can't be \".\" or \"..\": no address would lead there");
  }
  if (has_control_character(name)) {
    return invalid("name", "Bundle names can't contain control characters");
  }
  if (database.one<Id>("SELECT 1 FROM registry_bundles WHERE owner = ? AND name = ? AND id <> ?",
                       who.id, name, own)) {
    return invalid("name", "You already have a bundle of that name.");
  }
  return {};
}

// Each once, in the order given.
Changed<std::vector<Id>> checked_patches(store::Database& database, Id project,
                                         const std::vector<Id>& patches) {
  if (patches.empty()) {
    return invalid("patches", "Bundles cannot be empty");
  }
  if (patches.size() > k_most_patches) {
    return invalid("patches", fmt::format("A bundle has room for {} patches.", k_most_patches));
  }
  const auto known = patch_refs_by_id(database, patches);
  std::vector<Id> once;
  for (const Id id : patches) {
    const auto found = known.find(id);
    if (found == known.end()) {
      return invalid("patches", fmt::format("Invalid pk \"{}\" - object does not exist.", id));
    }
    if (found->second.project != project) {
      return invalid("patches", "Bundle patches must belong to the same project");
    }
    if (std::find(once.begin(), once.end(), id) == once.end()) {
      once.push_back(id);
    }
  }
  return once;
}

void write_patches(store::Database& database, Id bundle, const std::vector<Id>& patches) {
  database.exec("DELETE FROM registry_bundle_patches WHERE bundle = ?", bundle);
  for (std::size_t i = 0; i < patches.size(); ++i) {
    database.exec("INSERT INTO registry_bundle_patches (bundle, position, patch) VALUES (?, ?, ?)",
                  bundle, i + 1, patches[i]);
  }
}

// The bundle if `who` owns it; one that is not public is unknown to others.
Changed<Bundle> owned(store::Database& database, const User& who, Id id) {
  auto found = bundle(database, id);
  if (!found || (!found->is_public && found->owner.id != who.id)) {
    return not_found();
  }
  if (found->owner.id != who.id) {
    return forbidden();
  }
  return *std::move(found);
}

Changed<Bundle> committed(store::Database& database, store::Transaction& transaction, Id id) {
  auto result = bundle(database, id);
  if (!result) {
    return not_found();
  }
  transaction.commit();
  return *std::move(result);
}

}  // namespace

Changed<Bundle> add_bundle(store::Database& database, const User& who, Id project_id,
                           const BundleChange& wanted) {
  store::Transaction transaction(database);
  begin_change(database);
  if (!project(database, project_id)) {
    return not_found();
  }
  const std::string name = wanted.name.value_or("");
  PM_TRY(check_name(database, who, name, 0));
  PM_TRY_ASSIGN(const auto patches,
                checked_patches(database, project_id, wanted.patches.value_or(std::vector<Id>())));
  const auto id = database.value<Id>(
      "INSERT INTO registry_bundles (project, owner, name, is_public) VALUES (?, ?, ?, ?)"
      " RETURNING id",
      project_id, who.id, name, wanted.is_public.value_or(false));
  write_patches(database, id, patches);
  return committed(database, transaction, id);
}

Changed<Bundle> change_bundle(store::Database& database, const User& who, Id id,
                              const BundleChange& change) {
  store::Transaction transaction(database);
  begin_change(database);
  PM_TRY_ASSIGN(const Bundle before, owned(database, who, id));
  const std::string name = change.name.value_or(before.name);
  if (change.name) {
    PM_TRY(check_name(database, who, name, id));
  }
  if (change.patches) {
    PM_TRY_ASSIGN(const auto patches, checked_patches(database, before.project, *change.patches));
    write_patches(database, id, patches);
  }
  database.exec("UPDATE registry_bundles SET name = ?, is_public = ? WHERE id = ?", name,
                change.is_public.value_or(before.is_public), id);
  return committed(database, transaction, id);
}

Changed<void> remove_bundle(store::Database& database, const User& who, Id id) {
  store::Transaction transaction(database);
  begin_change(database);
  PM_TRY(owned(database, who, id));
  database.exec("DELETE FROM registry_bundle_patches WHERE bundle = ?", id);
  database.exec("DELETE FROM registry_bundles WHERE id = ?", id);
  transaction.commit();
  return {};
}

}  // namespace patchmill::registry
