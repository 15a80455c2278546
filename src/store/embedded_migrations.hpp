#pragma once
// The migration files as the build embedded them (cmake/EmbedMigrations.cmake), by number.

#include <span>
#include <string_view>

namespace patchmill::store {

struct EmbeddedMigration {
  int number;
  std::string_view name;  // "0001_store"
  std::string_view sql;   // with the @WORDS@ of migrations.hpp
};

std::span<const EmbeddedMigration> embedded_migrations();

}  // namespace patchmill::store
