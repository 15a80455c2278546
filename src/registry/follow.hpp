#pragma once
// Brings what the tracker decided into the registry: patches, covers, series and comments of every
// project, with Patchwork's events.

#include "registry/model.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"

#include <cstdint>

namespace patchmill::registry {

// Takes the next of tracker's events, at most `limit` of them, in transactions of their own that
// hold the place reached, too: what is interrupted is done again as a whole, and two at a time take
// turns. Returns how many were taken; 0: all is known, or there are no projects.
//
// A mail on two lists is a patch of two projects; replies are comments in each of them. Series
// follow assembly: what moves to another series there moves here, keeping its id; a series that
// assembly takes away is kept, empty, and no longer listed. What a partial reroll carries over
// stays in the series it was posted in, and counts in the new one: that is complete with it.
//
// When a project is new, another list is its own, or events were dropped before they were taken,
// every mail and every series of the store is looked at again; each counts as one taken.
std::size_t follow(store::Database& database, const store::BlobStore& blobs, Timestamp now,
                   std::size_t limit);

// The event of the tracker that follow() has come to.
std::int64_t followed_to(store::Database& database);

}  // namespace patchmill::registry
