#pragma once
// One patch on one partial index, by git or, where that is certain to be the same, without it.

#include "git/index_file.hpp"
#include "git/partial_index.hpp"
#include "git/patch_scan.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::git {

enum class ApplyMode { exact, three_way, reverse_check };

struct StepOutcome {
  bool applied = false;
  std::vector<TreeEntry> changes;  // mode 0: removed
  std::string output;              // git's words
};

// Differences between the index before and after; nothing when paths were left unmerged.
std::optional<std::vector<TreeEntry>> changes_between(const EntryMap& before,
                                                      const std::vector<IndexEntry>& after);

// Runs `git apply --cached` on an index of `entries` in `scratch`; errors are infrastructure only.
Result<StepOutcome> git_apply(Repository& repository, const std::filesystem::path& scratch,
                              const EntryMap& entries, std::string_view diff, ApplyMode mode);

// The same for plain changes, new files and removals whose hunks all stand where they say; no
// process is started. Nothing when git is needed.
Result<std::optional<StepOutcome>> apply_directly(Repository& repository, const EntryMap& entries,
                                                  const PatchScan& scan);

}  // namespace patchmill::git
