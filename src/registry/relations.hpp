#pragma once
// Patches that somebody said are related.

#include "registry/change.hpp"

#include <vector>

namespace patchmill::registry {

// Puts this patch and `related` into one relation, in addition to who is there; an empty list
// takes this patch out. `who` maintains the project of each patch involved. A patch leaves one
// relation before it enters another (conflict). An event for each patch whose relation changed.
// Within the transaction of begin_change(), whose number is `number`.
Changed<void> change_relation(store::Database& database, Timestamp now, std::int64_t number,
                              const User& who, Id patch, const std::vector<Id>& related);

}  // namespace patchmill::registry
