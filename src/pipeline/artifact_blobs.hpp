#pragma once
// The blobs that hold artifacts of nodes, and letting old ones go.

#include "store/database.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace patchmill::pipeline {

void each_artifact_blob(store::Database& database,
                        const std::function<void(std::string_view sha256)>& f);

// What is dropped are rows, and with them the reference to the blob. What pages need to tell what
// happened (placement.json) stays, as do nodes, findings and verdicts.
struct DroppedArtifacts {
  std::int64_t count = 0, bytes = 0;
};
// Those of the series' nodes that were done before `before`. dry_run: only counts.
DroppedArtifacts drop_artifacts_of(store::Database& database, std::int64_t series, Timestamp before,
                                   bool dry_run);
// Those of the next `limit` nodes after `after` with any that were done before `before`. Moves
// `after` on; it becomes empty at the end.
DroppedArtifacts drop_old_artifacts(store::Database& database, std::optional<std::int64_t>& after,
                                    Timestamp before, std::int64_t limit, bool dry_run);

}  // namespace patchmill::pipeline
