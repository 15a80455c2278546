#include "registry/comment_parents.hpp"

namespace patchmill::registry {
namespace {

std::optional<Id> first(const std::optional<std::tuple<Id>>& row) {
  return row ? std::optional(std::get<0>(*row)) : std::nullopt;
}

}  // namespace

std::optional<Id> patch_of_comment(store::Database& database, Id comment) {
  return first(database.one<Id>("SELECT patch FROM registry_patch_comments WHERE id = ?", comment));
}

std::optional<Id> cover_of_comment(store::Database& database, Id comment) {
  return first(database.one<Id>("SELECT cover FROM registry_cover_comments WHERE id = ?", comment));
}

}  // namespace patchmill::registry
