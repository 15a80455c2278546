#pragma once
// What another process, or another configuration, left under way.

#include "app/workspace.hpp"

#include <cstdint>
#include <vector>

namespace patchmill::service {

// For a process that begins, before it has any work of its own. What the last process had begun is
// incomplete (so is what anybody had in a store that only this data folder has: gone_holders()),
// what it had not stays in the queue, and a run of which nothing is left in the queue gets its
// verdict. Returns the series that are to be judged, also when nothing changed since, in
// the order of their places. Throws DatabaseError; may then be called again.
std::vector<std::int64_t> close_left_runs(app::Workspace& workspace);

// The series under way, whose try may be another one by this program and configuration; empty when
// they are those of the last call, of any process. Throws DatabaseError.
std::vector<std::int64_t> runs_of_another_setup(app::Workspace& workspace);

}  // namespace patchmill::service
