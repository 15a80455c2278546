#pragma once
// Tries ranked attempts one after the other until a series applies.

#include "placement/candidates.hpp"

#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace patchmill::placement {

struct RunOutcome {
  std::optional<std::size_t> applied;  // index of the attempt on which it applies
  std::optional<std::size_t> nearest;  // else of the one where most patches did
  // Every attempt that was tried failed in what the series depends on.
  bool only_prerequisites_failed = false;
};

using RepositoryOf = std::function<Result<git::Repository*>(std::size_t tree)>;

// Asked once, before attempts without evidence are made: false ends the trying.
using GoOn = std::function<Result<bool>()>;

// Fills in `tried` and `outcome` of the candidates, and their commit, `tree_commit` and `below`
// where prerequisites were applied. At most 14 are tried; the rest keep tried = false. `explain`:
// when none fits, the commit in the way of the nearest is looked for.
Result<RunOutcome> run_attempts(std::vector<Attempt>& attempts, const SeriesPatches& patches,
                                const RepositoryOf& repository_of, const GoOn& go_on, bool explain);

}  // namespace patchmill::placement
