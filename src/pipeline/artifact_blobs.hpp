#pragma once
// The blobs that hold artifacts of nodes, and letting old ones go.

#include "store/database.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <functional>
#include <string_view>

namespace patchmill::pipeline {

void each_artifact_blob(store::Database& database,
                        const std::function<void(std::string_view sha256)>& f);

// What node_artifacts, whose content this is, may lose.
struct ArtifactAge {
  Timestamp superseded_before{};  // finished before this, of superseded series
  Timestamp before{};             // finished before this, of any series
};
// Up to `limit` artifacts of done nodes that are old enough: their rows go, and with that the
// reference to the blob. Nodes, findings and verdicts stay. Returns how many; fewer than `limit`
// means that there are no more. dry_run: counts up to `limit`.
struct DroppedArtifacts {
  std::int64_t count = 0, bytes = 0;
};
DroppedArtifacts drop_old_artifacts(store::Database& database, const ArtifactAge& age,
                                    std::int64_t limit, bool dry_run);

}  // namespace patchmill::pipeline
