#pragma once
// Tells the tracker the git patch-ids that dependencies wait for.

#include "git/repository.hpp"
#include "store/database.hpp"
#include "tracker/queries.hpp"

namespace patchmill::placement {

// While a "prerequisite-patch-id:" of any series is unresolved, computes the patch-ids of all
// posted patches that have none yet, in batches; killed in between, the next call goes on.
// True when there were any: resolved dependencies may have changed. Errors: infrastructure.
Result<bool> learn_patch_ids(store::Database& database, tracker::Queries& queries,
                             git::Repository& repository);

}  // namespace patchmill::placement
