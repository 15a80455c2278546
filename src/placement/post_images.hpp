#pragma once
// Which posted series leaves a file as another one found it: dependencies nobody wrote down.

#include "placement/base_search.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace patchmill::placement {

// Remembers the blobs a series makes. Idempotent; writes nothing when nothing changed.
void record_post_images(store::Database& database, std::int64_t series, Timestamp posted,
                        std::span<const PostImage> images);

struct Provider {
  std::int64_t series = 0;
  std::size_t last_patch = 0;         // the last of its patches that is needed
  std::vector<std::size_t> provides;  // indices into the pre-images asked for
  Timestamp posted{};
};
// Series not newer than `posted` that make blobs of these pre-images: the most useful first, then
// the newest. Pre-images that name no blob are passed over. At most 16.
std::vector<Provider> find_providers(store::Database& database, std::span<const PreImage> wanted,
                                     Timestamp posted);

}  // namespace patchmill::placement
