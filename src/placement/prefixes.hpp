#pragma once
// Diffs made with diff.noprefix, which `git am` looks for in the wrong files.

#include "git/apply.hpp"
#include "placement/placement.hpp"

namespace patchmill::placement {

// When the patch in conflict has file names without "a/" and "b/", its reason says so and how to
// make it again: `git am` takes the first folder for such a prefix, and so do we.
void mention_missing_prefixes(git::ApplyOutcome& outcome, const SeriesPatches& patches);

}  // namespace patchmill::placement
