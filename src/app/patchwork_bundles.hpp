#pragma once
// The bundles of a project of another Patchwork.

#include "app/patchwork_place.hpp"
#include "app/patchwork_store.hpp"
#include "patchwork/instance.hpp"
#include "store/database.hpp"
#include "util/result.hpp"

namespace patchmill::app {

// Reads them all and puts those into the store that have all their patches here, or will never have
// more. What is left out is named in `report`; where patches were missed, the next run may bring
// it. An error is one that is not about bundles alone. Throws DatabaseError.
Result<void> import_bundles(store::Database& database, patchwork::Instance& instance,
                            PatchworkStore& store, const PatchworkPlace& place,
                            PatchworkImportReport& report);

}  // namespace patchmill::app
