// What of a series the trees have already, and what the newest commit says to one that fits an
// older one.

#include "placement/series_placement.hpp"
#include "placement/short_id.hpp"
#include "placement/upstream.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::placement {

namespace {

// What the patches were recognised by, `by_id` of them by patch-id.
std::string how_recognised(std::size_t by_id, std::size_t all) {
  if (by_id == 0) {
    return "recognised by subject, author and files";
  }
  return fmt::format("{} of {} recognised by patch-id{}", by_id, count_of(all, "patch", "patches"),
                     by_id == all ? "" : ", the others by subject, author and files");
}

}  // namespace

bool changes_nothing(const git::ApplyOutcome& outcome) {
  return outcome.ok() && std::all_of(outcome.applied.begin(), outcome.applied.end(),
                                     [](const git::AppliedPatch& patch) {
                                       return patch.method == git::ApplyMethod::already_applied;
                                     });
}

bool SeriesPlacement::is_upstream(const tracker::Series& other,
                                  const SeriesPatches& other_patches) {
  for (const auto& affinity : m_affinities) {
    if (affinity.needs_evidence) {
      continue;
    }
    auto& tree = *m_forest[affinity.tree];
    const auto repository = tree.repository();
    if (!repository) {
      continue;
    }
    const auto found = find_upstream(**repository, *m_views[affinity.tree], other_patches,
                                     other.date - k_upstream_window);
    if (found && std::all_of(found->begin(), found->end(),
                             [](const auto& commit) { return commit.has_value(); })) {
      return true;
    }
  }
  return false;
}

Result<bool> SeriesPlacement::compare_with_tip(const Attempt& attempt, Placement& placement) {
  const TreeView& view = *m_views[attempt.tree];
  const git::ObjectId tip = view.index->commit(view.tip());
  // On top of another series only that one's way into the tree would tell.
  if (!m_options.only_commit.empty() || attempt.on || attempt.base == tip) {
    return false;
  }
  PM_TRY_ASSIGN(git::Repository * repository, m_forest[attempt.tree]->repository());
  git::ApplyOptions options;
  options.explain = m_options.explain;
  PM_TRY_ASSIGN(auto outcome, git::apply_series(*repository, tip, m_patches.inputs, options));
  if (outcome.ok() && !changes_nothing(outcome)) {
    return false;
  }
  PM_TRY_ASSIGN(const bool found, find_in_tree(placement));
  if (found) {
    return true;
  }
  if (outcome.ok()) {
    placement.state = PlacementState::already_applied;
    placement.explanation = fmt::format("{} {} has all of its changes already",
                                        m_specs[attempt.tree].name, short_id(tip));
    return true;
  }
  for (Candidate& candidate : placement.candidates) {
    if (candidate.tree == m_specs[attempt.tree].name && candidate.commit == tip) {
      candidate.tried = true;
      candidate.outcome = outcome;
    }
  }
  placement.tip_conflict = std::move(outcome.conflict);
  return false;
}

Result<bool> SeriesPlacement::find_in_tree(Placement& placement) {
  for (const auto& affinity : m_affinities) {
    if (affinity.needs_evidence) {
      continue;
    }
    PM_TRY_ASSIGN(git::Repository * repository, m_forest[affinity.tree]->repository());
    PM_TRY_ASSIGN(const auto found, find_upstream(*repository, *m_views[affinity.tree], m_patches,
                                                  m_series.date - k_upstream_window));
    std::size_t by_id = 0;
    std::string names;
    placement.upstream.clear();
    for (const auto& commit : found) {
      if (commit) {
        by_id += commit->how == UpstreamMatch::patch_id ? 1U : 0U;
        names += (names.empty() ? "" : ", ") + short_id(commit->commit);
        placement.upstream.push_back(commit->commit);
      }
    }
    if (placement.upstream.size() == found.size()) {
      placement.state = PlacementState::already_applied;
      placement.explanation =
          fmt::format("already in {}: {} ({})", m_specs[affinity.tree].name, ellipsize(names, 300),
                      how_recognised(by_id, found.size()));
      return true;
    }
    placement.upstream.clear();
  }
  return false;
}

}  // namespace patchmill::placement
