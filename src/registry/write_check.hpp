#pragma once
// A check that is allowed and valid, into the store.

#include "registry/change.hpp"
#include "registry/model.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"

#include <cstdint>

namespace patchmill::registry {

// A new row with its event, dated after every other check of the patch; the patch's state follows.
// Within a transaction that has the `change` (writing.hpp). Returns its id.
Id write_check(store::Database& database, Timestamp now, std::int64_t change, Id user, Id project,
               Id patch, const NewCheck& check);

}  // namespace patchmill::registry
