#include "patchwork/patch_map.hpp"

namespace patchmill::patchwork {
namespace {

constexpr std::string_view k_columns =
    "SELECT instance, patch, project, msgid, series, state, delegate ";

KnownPatch patch_of(const store::Row& row) {
  return {row.get<std::string>(0), row.get<std::int64_t>(1), row.get<std::string>(2),
          row.get<std::string>(3), row.get<std::int64_t>(4), row.get<std::string>(5),
          row.get<std::string>(6)};
}

}  // namespace

void remember_patches(store::Database& database, std::span<const KnownPatch> patches) {
  for (const auto& one : patches) {
    database.exec(
        "INSERT INTO patchwork_patches (instance, patch, project, msgid, series, state, delegate, "
        "is_new) VALUES (?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (instance, patch) DO UPDATE SET "
        "project = excluded.project, msgid = excluded.msgid, series = excluded.series, "
        "state = excluded.state, delegate = excluded.delegate",
        one.instance, one.patch, one.project, one.message_id, one.series, one.state, one.delegate);
  }
}

bool set_state(store::Database& database, std::string_view instance, std::int64_t patch,
               std::string_view state) {
  return database.exec(
             "UPDATE patchwork_patches SET state = ? "
             "WHERE instance = ? AND patch = ? AND state <> ?",
             state, instance, patch, state) > 0;
}

bool set_delegate(store::Database& database, std::string_view instance, std::int64_t patch,
                  std::string_view username) {
  return database.exec(
             "UPDATE patchwork_patches SET delegate = ? "
             "WHERE instance = ? AND patch = ? AND delegate <> ?",
             username, instance, patch, username) > 0;
}

std::optional<KnownPatch> find_patch(store::Database& database, std::string_view instance,
                                     std::int64_t patch) {
  std::optional<KnownPatch> found;
  database.each(
      std::string(k_columns) + "FROM patchwork_patches WHERE instance = ? AND patch = ?",
      [&](const store::Row& row) { found = patch_of(row); }, instance, patch);
  return found;
}

std::vector<KnownPatch> patches_of(store::Database& database, std::string_view message_id) {
  std::vector<KnownPatch> found;
  database.each(
      std::string(k_columns) +
          "FROM patchwork_patches WHERE substr(msgid, 1, 200) = substr(CAST(? AS TEXT), 1, 200) "
          "AND msgid = ? ORDER BY instance, patch",
      [&](const store::Row& row) { found.push_back(patch_of(row)); }, message_id, message_id);
  return found;
}

std::optional<std::string> patch_of_series(store::Database& database, std::string_view instance,
                                           std::int64_t series) {
  const auto row = database.one<std::string>(
      "SELECT msgid FROM patchwork_patches WHERE instance = ? AND series = ? ORDER BY patch LIMIT "
      "1",
      instance, series);
  return row ? std::optional(std::get<0>(*row)) : std::nullopt;
}

std::vector<KnownPatch> new_patches(store::Database& database, std::string_view instance,
                                    const std::set<std::string>& projects, std::size_t limit) {
  std::vector<KnownPatch> found;
  for (const auto& project : projects) {
    database.each(
        std::string(k_columns) +
            "FROM patchwork_patches WHERE is_new = 1 AND instance = ? AND project = ? "
            "ORDER BY patch LIMIT ?",
        [&](const store::Row& row) { found.push_back(patch_of(row)); }, instance, project,
        static_cast<std::int64_t>(limit - found.size()));
  }
  return found;
}

void set_looked_at(store::Database& database, std::span<const KnownPatch> patches) {
  for (const auto& one : patches) {
    database.exec("UPDATE patchwork_patches SET is_new = 0 WHERE instance = ? AND patch = ?",
                  one.instance, one.patch);
  }
}

}  // namespace patchmill::patchwork
