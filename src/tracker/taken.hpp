#pragma once
// Patches that somebody found in a tree.

#include "store/database.hpp"
#include "tracker/model.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace patchmill::tracker {

struct TakenPatch {
  std::int64_t mail = 0;  // PatchRef::message
  std::string tree, commit;
};
// The first tree that has a patch is the one that counts. With an event "patches-taken" about the
// series where anything is new. In a transaction. Everything throws DatabaseError.
void note_taken(store::Database& database, Timestamp now, std::int64_t series,
                std::span<const TakenPatch> patches);
// Numbers of the patches of a series that are in a tree.
std::set<int> taken_patches(store::Database& database, const Series& series);

struct OpenPatch {
  std::int64_t series = 0, mail = 0;
};
// Patches that no tree has, of series since then that have no newer revision, those carried over
// into them included; by series.
std::vector<OpenPatch> open_patches(store::Database& database, Timestamp since);

}  // namespace patchmill::tracker
