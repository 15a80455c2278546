#include "store/cursors.hpp"

namespace patchmill::store {

std::optional<std::string> cursor(Database& database, std::string_view source) {
  const auto row = database.one<std::string>("SELECT value FROM cursors WHERE source = ?", source);
  return row ? std::optional(std::get<0>(*row)) : std::nullopt;
}

void set_cursor(Database& database, std::string_view source, std::string_view value) {
  database.exec(
      "INSERT INTO cursors (source, value) VALUES (?, ?) "
      "ON CONFLICT (source) DO UPDATE SET value = excluded.value",
      source, value);
}

void remove_cursor(Database& database, std::string_view source) {
  database.exec("DELETE FROM cursors WHERE source = ?", source);
}

std::vector<std::string> cursor_sources(Database& database, std::string_view prefix) {
  std::vector<std::string> sources;
  database.each("SELECT source FROM cursors ORDER BY source", [&](const Row& row) {
    if (row.text(0).starts_with(prefix)) {
      sources.emplace_back(row.text(0));
    }
  });
  return sources;
}

std::vector<std::string> read_names(Database& database, std::string_view source) {
  std::vector<std::string> names;
  database.each(
      "SELECT name FROM read_names WHERE source = ?",
      [&](const Row& row) { names.push_back(row.get<std::string>(0)); }, source);
  return names;
}

bool is_read_name(Database& database, std::string_view source, std::string_view name) {
  return database
      .one<std::int64_t>("SELECT 1 FROM read_names WHERE source = ? AND name = ?", source, name)
      .has_value();
}

void add_read_names(Database& database, std::string_view source,
                    std::span<const std::string> names) {
  for (const auto& name : names) {
    database.exec("INSERT INTO read_names (source, name) VALUES (?, ?) ON CONFLICT DO NOTHING",
                  source, name);
  }
}

void remove_read_names(Database& database, std::string_view source,
                       std::span<const std::string> names) {
  for (const auto& name : names) {
    database.exec("DELETE FROM read_names WHERE source = ? AND name = ?", source, name);
  }
}

bool acquire_lease(Database& database, Timestamp now, std::string_view name,
                   std::string_view holder, std::chrono::microseconds length) {
  return database.exec(
             "INSERT INTO leases (name, holder, lease_until) VALUES (?, ?, ?) "
             "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, "
             "lease_until = excluded.lease_until "
             "WHERE leases.holder = excluded.holder OR leases.lease_until <= ?",
             name, holder, to_micros(now + length), to_micros(now)) == 1;
}

void release_lease(Database& database, std::string_view name, std::string_view holder) {
  database.exec("DELETE FROM leases WHERE name = ? AND holder = ?", name, holder);
}

}  // namespace patchmill::store
