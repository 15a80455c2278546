#pragma once
// Which posted patches a tree has taken.

#include "placement/placement.hpp"
#include "placement/tree.hpp"
#include "store/database.hpp"
#include "tracker/queries.hpp"

#include <cstddef>
#include <memory>
#include <span>

namespace patchmill::placement {

// Looks for open patches of the last eight weeks in what came to specs[tree] since the last call
// (kept in the store), and for those that are new since then in what came since shortly before they
// were posted. Only series that may belong to the tree are looked for, and only where a commit
// touched their files. What is found is noted by tracker::note_taken(), a series at a time; called
// off in between, the next call goes on. Returns how many were found. Errors: infrastructure.
Result<std::size_t> look_for_taken(store::Database& database, std::span<const TreeSpec> specs,
                                   std::span<const std::unique_ptr<Tree>> forest, std::size_t tree,
                                   tracker::Queries& queries, Timestamp now, PathsOfMails& paths);

}  // namespace patchmill::placement
