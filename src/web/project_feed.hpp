#pragma once
// What came in of a project, for feed readers.

#include "registry/list_index.hpp"
#include "registry/model.hpp"
#include "store/database.hpp"
#include "web/atom.hpp"

#include <string>

namespace patchmill::web {

// "/project/LINK/feed.atom"
std::string project_feed_path(const registry::Project& project);
// The 50 series that came last, each with the states of its patches (of the first 100). A series is
// one entry for ever, whatever becomes of its patches.
AtomFeed project_feed(store::Database& database, registry::ListIndex& index,
                      const registry::Project& project);

}  // namespace patchmill::web
