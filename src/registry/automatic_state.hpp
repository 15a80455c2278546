#pragma once
// States that patches get without a person.

#include "store/database.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <functional>
#include <string_view>

namespace patchmill::registry {

// The counter that holds the largest id of an event that was taken over.
inline constexpr std::string_view k_newest_adopted_event = "newest event taken over";

// Gives the state `slug` to every patch of this mail (tracker's row) whose state `may_follow`
// allows, with its event, which names nobody; where somebody has ever set one, never: also where it
// is neither the first state nor one that an event of ours tells of, as of patches that were taken
// over, whose events need not name who set it. Returns how many that are. For a transaction of the
// caller that has a `change` (writing.hpp). A state that does not exist is given to nobody.
int set_state_by_itself(store::Database& database, Timestamp now, std::int64_t change,
                        std::int64_t mail, std::string_view slug,
                        const std::function<bool(std::string_view seen)>& may_follow);

}  // namespace patchmill::registry
