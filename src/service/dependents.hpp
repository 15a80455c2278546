#pragma once
// Whose verdict may change because another series has.

#include "store/database.hpp"
#include "tracker/queries.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace patchmill::service {

// The series that name any revision of one of these, directly or through others, ascending; not
// these themselves. Chains of at most 16, at most some 10 000 series, of those that name the same
// one the newest (tracker::k_most_dependents).
std::vector<std::int64_t> dependents_of(store::Database& database, tracker::Queries& queries,
                                        std::span<const std::int64_t> numbers);

}  // namespace patchmill::service
