#include "web/places_model.hpp"

#include "registry/get.hpp"

#include <string_view>

namespace patchmill::web {
namespace {

std::vector<RegistryPlace> places(store::Database& database, std::string_view sql,
                                  std::int64_t of) {
  std::vector<RegistryPlace> found;
  database.each(
      sql,
      [&](const store::Row& row) {
        found.push_back({row.get<std::string>(0), row.is_null(1) ? 0 : row.integer(1),
                         row.get<std::string>(2)});
      },
      of);
  return found;
}

}  // namespace

std::vector<RegistryPlace> places_of_series(store::Database& database, std::int64_t number) {
  return places(database,
                "SELECT p.link_name, s.id, '' FROM registry_series s JOIN registry_projects p"
                " ON p.id = s.project WHERE s.number = ? AND s.gone = 0 ORDER BY s.id LIMIT 10",
                number);
}

std::optional<std::int64_t> other_series_with_id(store::Database& database, registry::Id id) {
  const auto number = registry::number_of_series(database, id);
  return number == id ? std::nullopt : number;
}

std::vector<RegistryPlace> places_of_patch(store::Database& database, std::int64_t message) {
  return places(database,
                "SELECT p.link_name, m.series, m.msgid FROM registry_patches m"
                " JOIN registry_projects p ON p.id = m.project"
                " WHERE m.message = ? ORDER BY m.id LIMIT 10",
                message);
}

}  // namespace patchmill::web
