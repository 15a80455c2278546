#include "patchwork/revision_store.hpp"

namespace patchmill::patchwork {

void remember_revision(store::Database& database, const KnownRevision& revision) {
  // A whole new version is a series of its own there until it is found to be a revision of another.
  database.exec("DELETE FROM patchwork_revisions WHERE instance = ? AND patch = ? AND series <> ?",
                revision.instance, revision.patch, revision.series);
  database.exec(
      "INSERT INTO patchwork_revisions (instance, series, version, patch) VALUES (?, ?, ?, ?) "
      "ON CONFLICT (instance, series, version) DO UPDATE SET patch = excluded.patch",
      revision.instance, revision.series, revision.version, revision.patch);
}

std::optional<KnownRevision> revision_of(store::Database& database, std::string_view instance,
                                         std::int64_t patch) {
  std::optional<KnownRevision> found;
  database.each(
      "SELECT instance, series, version, patch FROM patchwork_revisions "
      "WHERE instance = ? AND patch = ? ORDER BY version DESC LIMIT 1",
      [&](const store::Row& row) {
        found = KnownRevision{row.get<std::string>(0), row.get<std::int64_t>(1), row.get<int>(2),
                              row.get<std::int64_t>(3)};
      },
      instance, patch);
  return found;
}

}  // namespace patchmill::patchwork
