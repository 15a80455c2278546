#pragma once
// Is this patch in the tree already?

#include "git/repository.hpp"
#include "placement/placement.hpp"
#include "placement/tree.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace patchmill::placement {

enum class UpstreamMatch { patch_id, subject_author_files };

// A patch may be taken before it is posted to the list we read, hardly long before.
inline constexpr auto k_upstream_window = std::chrono::days(60);

struct UpstreamCommit {
  git::ObjectId commit;
  std::string subject;
  UpstreamMatch how = UpstreamMatch::patch_id;
  Timestamp committed{};
};

// For each patch the commit of the view that carries it: with the same `git patch-id --stable`,
// else with the same subject and author and the same files (maintainers edit what they take).
// Only commits that touch the files of the patch are looked at, in the line's history since
// `not_before`; merges are looked into. Errors: infrastructure.
Result<std::vector<std::optional<UpstreamCommit>>> find_upstream(
    git::Repository& repository, const TreeView& view, const SeriesPatches& patches,
    std::optional<Timestamp> not_before);
// The same in commits of the line from `first` on.
Result<std::vector<std::optional<UpstreamCommit>>> find_upstream(git::Repository& repository,
                                                                 const TreeView& view,
                                                                 const SeriesPatches& patches,
                                                                 Ordinal first);

}  // namespace patchmill::placement
