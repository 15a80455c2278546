#pragma once
// What all checks of a patch say together.

#include "registry/model.hpp"
#include "store/database.hpp"

#include <optional>

namespace patchmill::registry {

// Of the newest check of every user and context (by date, then id) the worst: fail, warning,
// pending, success; pending when there is none (Patchwork: Patch.combined_check_state).
CheckState combined_check_state(store::Database& database, Id patch);

// Puts it into registry_patches, as change `number`, if it is another one. Within the transaction
// that writes the checks.
void update_check_state(store::Database& database, std::int64_t number, Id patch);

}  // namespace patchmill::registry
