#pragma once
// Keeps a blob index in step with a branch: only new commits are read, rewritten history is cut
// back to where it forked.

#include "git/object_id.hpp"
#include "util/result.hpp"

#include <cstddef>
#include <filesystem>
#include <string_view>

namespace patchmill::placement {

struct BuildOptions {
  // Events held in memory before a segment is written: bounds memory to about 64 bytes each, and
  // what is repeated after a crash.
  std::size_t events_per_segment = 4'000'000;
};

struct BuildOutcome {
  std::size_t added = 0;    // commits read
  std::size_t dropped = 0;  // commits that are no longer on the line (force-push)
  bool rebuilt = false;     // a damaged index was thrown away
};

// Brings the index in `folder` to the first-parent line that ends in `tip`, a commit of the bare
// repository `git_dir`. One writer at a time (a lock file; others wait). A crash leaves the old
// index or a shorter correct one. Errors: infrastructure.
Result<BuildOutcome> update_index(const std::filesystem::path& folder,
                                  const std::filesystem::path& git_dir, std::string_view tip,
                                  const BuildOptions& options = {});

}  // namespace patchmill::placement
