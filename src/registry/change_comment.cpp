#include "registry/change.hpp"
#include "registry/get.hpp"
#include "registry/rights.hpp"
#include "registry/writing.hpp"

#include <fmt/format.h>

namespace patchmill::registry {
namespace {

// Allowed: who wrote the comment, who sent what it is about, maintainers. `about` is patch or
// cover. Makes no event: Patchwork says the comment was created once more, for want of a guard.
Changed<void> address(store::Database& database, const User& who, std::string_view about, Id target,
                      Id comment, std::optional<bool> addressed) {
  const auto row = database.one<Id, Id, Id, std::optional<bool>>(
      fmt::format("SELECT c.submitter, m.submitter, m.project, c.addressed"
                  " FROM registry_{0}_comments c JOIN registry_{1} m ON m.id = c.{0}"
                  " WHERE c.id = ? AND c.{0} = ?",
                  about, about == "patch" ? "patches" : "covers"),
      comment, target);
  if (!row) {
    return not_found();
  }
  const auto& [author, submitter, project, before] = *row;
  if (!is_address_of(database, who.id, author) && !is_address_of(database, who.id, submitter) &&
      !maintains(database, who.id, project)) {
    return forbidden();
  }
  if (before != addressed) {
    database.exec(fmt::format("UPDATE registry_{}_comments SET addressed = ? WHERE id = ?", about),
                  addressed, comment);
  }
  return {};
}

template <class Get>
Changed<Comment> address_and_get(store::Database& database, const User& who, std::string_view about,
                                 Id target, Id comment, std::optional<bool> addressed,
                                 const Get& get) {
  store::Transaction transaction(database);
  begin_change(database);
  PM_TRY(address(database, who, about, target, comment, addressed));
  std::optional<Comment> result = get(database, target, comment);
  if (!result) {
    return not_found();
  }
  transaction.commit();
  return *std::move(result);
}

}  // namespace

Changed<Comment> address_patch_comment(store::Database& database, const User& who, Id patch,
                                       Id comment, std::optional<bool> addressed) {
  return address_and_get(database, who, "patch", patch, comment, addressed, patch_comment);
}

Changed<Comment> address_cover_comment(store::Database& database, const User& who, Id cover,
                                       Id comment, std::optional<bool> addressed) {
  return address_and_get(database, who, "cover", cover, comment, addressed, cover_comment);
}

}  // namespace patchmill::registry
