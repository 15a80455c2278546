#pragma once
// Keeps the chains of revisions in the store up to date.

#include "store/database.hpp"
#include "tracker/series_event.hpp"

#include <cstdint>
#include <set>
#include <vector>

namespace patchmill::tracker {

// After reassembly: finds the predecessor of every series that changed or that a changed one may
// precede, and renumbers the works this touches. Adds to `changes` what it changed itself.
void update_revisions(store::Database& database, SeriesChanges& changes);

}  // namespace patchmill::tracker
