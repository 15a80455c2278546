#pragma once
// Why a patch does not apply: which file, which hunk, and which commit is in the way.

#include "git/apply.hpp"
#include "git/partial_index.hpp"
#include "git/patch_scan.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::git {

// A reason that needs no git: broken or forbidden paths, submodules, nothing to apply.
std::optional<Conflict> refusal(const PatchScan& scan, const EntryMap& entries,
                                std::string_view diff);
// The same for what git made of the patch, in case it read another name than the scan.
std::optional<Conflict> refusal(const EntryMap& before, const std::vector<TreeEntry>& changes);

// A symbolic link that cannot be made. Errors: of reading objects.
Result<std::optional<Conflict>> impossible_link(Repository& repository,
                                                const std::vector<TreeEntry>& changes);

struct FailedPatch {
  std::string_view base;  // the commit the series is applied onto
  std::string_view tree;  // after the patches before this one
  const PatchScan* scan = nullptr;
  const EntryMap* entries = nullptr;  // of `tree`
  std::string_view git_output;        // of the exact step
};

// The failing file and hunk; with `search`, also the upstream commit (at most 200 commits of the
// file and two seconds).
Result<Conflict> explain_conflict(Repository& repository, const FailedPatch& failed, bool search);

}  // namespace patchmill::git
