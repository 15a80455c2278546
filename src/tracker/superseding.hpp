#pragma once
// Which revision of a work takes over from which: a pure function over the whole chain.

#include "tracker/revisions.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace patchmill::tracker {

struct Revision {
  RevisionFact fact;
  std::optional<std::int64_t> previous;  // the series it was found to continue
  std::int64_t received = 0;             // patches
  bool complete = false;
};

// For each revision the index of the nearest later one that takes over from it. A cover letter
// without patches, or a part of the same version once more, takes nothing over; nor does what was
// posted for another tree (tags_fit()), unless it was found to continue that very revision.
// `chain` is sorted by comes_before(); the time is linear in its length.
std::vector<std::optional<std::size_t>> heirs_of(std::span<const Revision> chain);

}  // namespace patchmill::tracker
