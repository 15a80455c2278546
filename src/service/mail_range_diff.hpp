#pragma once
// What changed between two revisions by their mails alone, for those that no tree has both of.

#include "tracker/queries.hpp"
#include "util/result.hpp"

#include <cstdint>
#include <string>

namespace patchmill::service {

// The form of `git range-diff`, with dashes for the commits and at most 4 MiB of differences.
// Patches are pairs by title, else by diff, else by a common file and nearness. Authors, messages
// and diffs are compared, without the line numbers of hunks. Needs git and a temporary folder.
// Errors: not_found when there is no such series, limit when they are too large or it takes too
// long, infrastructure when a mail cannot be read or git fails.
Result<std::string> mail_range_diff(tracker::Queries& queries, std::int64_t older,
                                    std::int64_t newer);

}  // namespace patchmill::service
