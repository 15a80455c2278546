#include "placement/good_commits.hpp"

namespace patchmill::placement {

namespace {
// More than a tree builds between two force-pushes.
constexpr int k_newest = 200;
}  // namespace

void record_good_commit(store::Database& database, Timestamp now, std::string_view tree,
                        std::string_view commit) {
  database.exec(
      "INSERT INTO placement_good (tree, commit_id, recorded) VALUES (?, ?, ?) "
      "ON CONFLICT (tree, commit_id) DO UPDATE SET recorded = excluded.recorded",
      tree, commit, to_micros(now));
}

std::optional<Ordinal> last_good_commit(store::Database& database, std::string_view tree,
                                        const BlobIndex& index, Ordinal until) {
  std::optional<Ordinal> newest;
  database.each(
      "SELECT commit_id FROM placement_good WHERE tree = ? ORDER BY recorded DESC LIMIT ?",
      [&](const store::Row& row) {
        const auto ordinal = index.find(row.text(0));
        if (ordinal && *ordinal < until && (!newest || *ordinal > *newest)) {
          newest = ordinal;
        }
      },
      tree, k_newest);
  return newest;
}

}  // namespace patchmill::placement
