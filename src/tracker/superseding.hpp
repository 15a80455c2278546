#pragma once
// Which revision of a work takes over from which: a pure function over the whole chain.

#include "tracker/revisions.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace patchmill::tracker {

struct Revision {
  RevisionFact fact;
  std::optional<std::int64_t> previous;  // the series it was found to continue
  std::int64_t received = 0;             // patches
  bool complete = false;
  std::string change_id;
  bool names_previous = false;  // by "Supersedes:"
};

struct Succession {
  std::optional<std::size_t> heir;  // index of the nearest later one that takes over from it
  // Without an heir: the nearest that would, but is a stranger's.
  std::optional<std::size_t> stranger;
  friend bool operator==(const Succession&, const Succession&) = default;
};

// Whether two revisions of different authors, given by their index, have the title or the author of
// a patch in common.
using AreRelated = std::function<bool(std::size_t, std::size_t)>;

// What becomes of each revision of `chain`, which is sorted by sort_revisions(). The time is linear
// in its length. Nothing is taken over by
// - a cover letter without patches, or a part of the same version once more;
// - a part of a later version, from a revision that is complete;
// - what was posted for another tree (tags_fit()), unless found to continue that very revision;
// - a single patch from several (drops_patches()), unless both have one change-id, it names them,
// or
//   it continues what only counts several: one patch, without a cover;
// - a stranger: a change-id or "Supersedes:" is easily copied, and whoever is superseded is not
//   tested. `related` says who is none; it is asked only where authors differ.
std::vector<Succession> successions(std::span<const Revision> chain, const AreRelated& related);

}  // namespace patchmill::tracker
