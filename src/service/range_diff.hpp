#pragma once
// What changed between two revisions, as git sees it.

#include "app/config.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"
#include "util/result.hpp"

#include <cstdint>
#include <string>

namespace patchmill::service {

// The text of `git range-diff` between two series as they were applied last; at most 4 MiB. Errors:
// not_found when one of them was not applied, invalid when they are on different trees.
Result<std::string> range_diff(store::Database& database, const app::Config& config,
                               const Clock& clock, std::int64_t older, std::int64_t newer);

}  // namespace patchmill::service
