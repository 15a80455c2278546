#pragma once
// Public-inbox archives by URL: cloned, then fetched, into a folder of ours.

#include "util/result.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::intake {

struct MirroredEpoch {
  std::filesystem::path git_dir;
  std::string key;  // names the epoch independently of where it lies
};

// `url` names an inbox ("https://lore.kernel.org/ltp": all its epochs) or one repository of it.
// Errors: invalid for URLs that git may not use, infrastructure with git's words.
Result<std::vector<MirroredEpoch>> mirror_inbox(const std::filesystem::path& mirrors_dir,
                                                std::string_view url);

}  // namespace patchmill::intake
