#include "registry/turn.hpp"

#include <cstdint>
#include <string>

namespace patchmill::registry {
namespace {

constexpr std::int64_t registry_lock = 0x706d726567697374;  // "pmregist"

}  // namespace

void wait_for_turn(store::Database& database) {
  // SQLite has one writer anyway.
  if (database.engine() == store::Engine::postgresql) {
    database.exec("SELECT pg_advisory_xact_lock(?)", registry_lock);
  }
}

Id next_id(store::Database& database, std::string_view table) {
  const std::string name(table);
  return database.value<Id>("SELECT COALESCE(MAX(id), 0) + 1 FROM (SELECT MAX(id) AS id FROM " +
                                name +
                                " UNION ALL SELECT value FROM registry_counters WHERE name = ?)"
                                " AS given",
                            "kept free in " + name);
}

}  // namespace patchmill::registry
