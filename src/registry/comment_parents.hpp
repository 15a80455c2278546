#pragma once
// What a comment is about, by its id alone: Patchwork's links to comments say no more.

#include "registry/model.hpp"
#include "store/database.hpp"

#include <optional>

namespace patchmill::registry {

// Comments of patches and of covers are numbered apart.
std::optional<Id> patch_of_comment(store::Database& database, Id comment);
std::optional<Id> cover_of_comment(store::Database& database, Id comment);

}  // namespace patchmill::registry
