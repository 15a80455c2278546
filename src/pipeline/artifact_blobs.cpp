#include "pipeline/artifact_blobs.hpp"

#include <string>

namespace patchmill::pipeline {

void each_artifact_blob(store::Database& database,
                        const std::function<void(std::string_view sha256)>& f) {
  constexpr int k_at_once = 10'000;
  std::int64_t node = -1, position = 0;
  for (int got = k_at_once; got == k_at_once;) {
    got = 0;
    database.each(
        "SELECT node, position, sha256 FROM node_artifacts WHERE (node, position) > (?, ?) "
        "ORDER BY node, position LIMIT ?",
        [&](const store::Row& row) {
          node = row.integer(0);
          position = row.integer(1);
          f(row.text(2));
          ++got;
        },
        node, position, k_at_once);
  }
}

}  // namespace patchmill::pipeline
