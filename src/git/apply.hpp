#pragma once
// Applying a series in the object store, with git's own semantics and without a checkout.
//
// Three steps a patch: `git apply --cached` on a partial index of just the touched paths (without
// starting git when every hunk stands where it says), then with `--3way`, else a conflict report.
// The results are those of `git am --keep-cr` and `git am -3 --keep-cr`. Trees are spliced, commits
// are deterministic: the same base, patches and dates give the same commit ids. The committer is
// the author. A patch without a date, which git am refuses, gets the committer's date, zone and
// all, of the commit it goes onto, never the time of day.

#include "git/repository.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace patchmill::git {

struct PatchInput {
  std::string label;  // for messages: "[PATCH 2/5] title"
  std::string diff;   // bytes
  Signature author;
  std::string message;   // commit message
  bool undated = false;  // author's date and zone say nothing
};

enum class ApplyMethod { exact, three_way, already_applied };

struct AppliedPatch {
  ObjectId commit, tree;
  ApplyMethod method = ApplyMethod::exact;
  std::vector<std::string> paths;  // touched, new names
};

struct Conflict {
  std::size_t patch = 0;  // index into the patches given
  std::string file;       // empty: the diff as a whole
  int hunk = 0;           // 1-based; 0: not about one hunk
  int line = 0;           // first line of that hunk in the old file
  // With a file what is said of it (with a hunk, of that), without naming either again ("does not
  // exist in the base"); else a sentence.
  std::string reason;
  std::string excerpt;                      // the hunk that failed, at most 40 lines
  std::string git_output;                   // git's words, at most 4 KiB
  std::optional<ObjectId> upstream_commit;  // the commit after which the hunk no longer fits
  std::string upstream_subject;
};

struct ApplyOutcome {
  ObjectId base;                      // the commit applied onto
  std::vector<AppliedPatch> applied;  // those before the conflict, or all
  std::optional<Conflict> conflict;
  [[nodiscard]] bool ok() const { return !conflict.has_value(); }
  [[nodiscard]] ObjectId tip() const { return applied.empty() ? base : applied.back().commit; }
};

struct ApplyOptions {
  bool three_way = true;
  bool follow_renames = true;  // in the 3-way step, to where git's history moved a missing file
  bool explain = true;         // look for the failing hunk and the upstream commit in conflict
  bool commits = true;  // false: trees only, AppliedPatch::commit is empty (trying candidates)
  bool direct = true;   // hunks that stand where they say are applied without a git process
};

// Refuses patches that leave the tree, write into .git, follow symlinks out, or change submodules
// (as a conflict with its reason). Errors are infrastructure only.
Result<ApplyOutcome> apply_series(Repository& repository, std::string_view base,
                                  std::span<const PatchInput> patches,
                                  const ApplyOptions& options = {});

// `git patch-id --stable` of each diff (empty where there is none).
Result<std::vector<std::string>> patch_ids(Repository& repository,
                                           std::span<const std::string> diffs);

}  // namespace patchmill::git
