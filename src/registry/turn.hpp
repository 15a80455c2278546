#pragma once
// Who writes to the registry waits for the others, so that ids of events grow in the order of
// commits and ids of rows are never given twice.

#include "registry/model.hpp"
#include "store/database.hpp"

#include <string_view>

namespace patchmill::registry {

// Call it first in a transaction; it holds until that ends.
void wait_for_turn(store::Database& database);

// The next free id of a table whose rows are never removed, above what keep_free() (adopt.hpp)
// holds for somebody else's; take a turn first. Ids that are given so do not come from the
// database's own sequence: whoever adds rows to such a table asks here.
Id next_id(store::Database& database, std::string_view table);

}  // namespace patchmill::registry
