#pragma once
// Ids that another Patchwork has given, or gives meanwhile, held while it is taken over.

#include "patchwork/instance.hpp"
#include "store/database.hpp"
#include "util/result.hpp"

namespace patchmill::app {

// What the list and others bring while only a part is taken over must not get numbers of the rest,
// nor of what comes there meanwhile. Errors are the instance's; throws DatabaseError.
Result<void> keep_ids_free(store::Database& database, patchwork::Instance& instance);

// Everything is here: new ids follow those there are. Throws DatabaseError.
void release_kept_ids(store::Database& database);

}  // namespace patchmill::app
