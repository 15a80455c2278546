#pragma once
// The commits of each tree that are known to build.

#include "placement/blob_index.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"

#include <optional>
#include <string_view>

namespace patchmill::placement {

void record_good_commit(store::Database& database, Timestamp now, std::string_view tree,
                        std::string_view commit);
// The newest of them that is on the line below `until`.
std::optional<Ordinal> last_good_commit(store::Database& database, std::string_view tree,
                                        const BlobIndex& index, Ordinal until);

}  // namespace patchmill::placement
