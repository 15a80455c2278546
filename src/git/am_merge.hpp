#pragma once
// The merge of `git am -3` where a file to be patched has another name by now.

#include "git/apply_step.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string_view>

namespace patchmill::git {

// Follows files that `scan` changes and `tip` (whose tree `entries` are from) has no more to their
// present names, adds these to `entries`, and merges: the files the patch was made from, the patch
// on them, and the present files. Nothing when no such file was renamed or the blobs it was made
// from are unknown. Looks at history for two seconds at most.
Result<std::optional<StepOutcome>> merge_renamed(Repository& repository,
                                                 const std::filesystem::path& scratch,
                                                 std::string_view tip, EntryMap& entries,
                                                 const PatchScan& scan, std::string_view diff);

// Where the file is in `tip` that was once `path`; nothing when it was not renamed.
Result<std::optional<TreeEntry>> follow_renames(Repository& repository, std::string_view tip,
                                                std::string path,
                                                std::chrono::steady_clock::time_point deadline);

}  // namespace patchmill::git
