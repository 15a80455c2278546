#pragma once
// What changed between two revisions, patch by patch.

#include "app/config.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"
#include "util/result.hpp"
#include "web/range_diff.hpp"

#include <cstdint>

namespace patchmill::service {

// `git range-diff` of two series as they were applied last, at most 4 MiB; where not both are
// applied to one tree, or their commits have gone, the same of their mails (mail_range_diff.hpp).
// Errors: limit when it takes too long, and those of mail_range_diff().
Result<web::RangeDiff> range_diff(store::Database& database, const app::Config& config,
                                  const Clock& clock, std::int64_t older, std::int64_t newer);

}  // namespace patchmill::service
