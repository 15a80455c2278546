#pragma once
// Checks that patches get from patchmill itself.

#include "registry/change.hpp"
#include "registry/model.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::registry {

// Gives the check, as one of this user, to every patch of this mail (tracker's row) whose newest of
// him and the context says something else. Returns how many that are. For a transaction of the
// caller that has a `change` (writing.hpp).
int add_check_by_itself(store::Database& database, Timestamp now, std::int64_t change,
                        std::int64_t mail, Id user, const NewCheck& check);

// The newest checks of this user on patches of this mail that are pending, of contexts that begin
// so; each context once.
std::vector<NewCheck> pending_checks(store::Database& database, std::int64_t mail, Id user,
                                     std::string_view prefix);

// Mails with patches that have a pending check of this user.
std::vector<std::int64_t> mails_with_pending_checks(store::Database& database, Id user);

}  // namespace patchmill::registry
