#include "placement/series_placement.hpp"

#include "placement/good_commits.hpp"
#include "placement/patch_ids.hpp"
#include "placement/post_images.hpp"
#include "placement/short_id.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace patchmill::placement {

namespace {

constexpr std::size_t k_max_described = 20;

std::string day_of(std::int64_t seconds) {
  return to_iso(Timestamp(std::chrono::seconds(seconds))).substr(0, 10);
}

}  // namespace

SeriesPlacement::SeriesPlacement(store::Database& database, std::span<const TreeSpec> specs,
                                 std::span<const std::unique_ptr<Tree>> forest,
                                 tracker::Queries& queries, const tracker::Series& series,
                                 const SeriesPatches& patches, const PlaceOptions& options)
    : m_database(database),
      m_specs(specs),
      m_forest(forest),
      m_queries(queries),
      m_series(series),
      m_patches(patches),
      m_options(options) {}

Result<Placement> SeriesPlacement::run() {
  Placement placement;
  if (!has_code()) {
    placement.state = PlacementState::not_code;
    placement.explanation = "there is no diff in it, so there is nothing to apply";
    return placement;
  }
  PM_TRY(open_trees());
  if (m_series.number > 0) {
    record_post_images(m_database, m_series.number, m_series.date,
                       read_images(m_patches.inputs).after);
  }
  if (!m_options.only_commit.empty()) {
    PM_TRY(collect_only_commit());
  } else {
    PM_TRY(follow_dependencies());
    if (m_named.waiting) {
      placement.state = PlacementState::waiting;
      placement.waiting_for = m_named.waiting_for;
      placement.explanation = "waiting: " + m_named.explanation;
      return placement;
    }
    PM_TRY(collect_attempts());
  }
  rank(m_attempts);
  return try_attempts();
}

bool SeriesPlacement::has_code() const {
  return std::any_of(m_patches.inputs.begin(), m_patches.inputs.end(),
                     [](const git::PatchInput& input) { return !input.diff.empty(); });
}

Result<void> SeriesPlacement::open_trees() {
  m_views.resize(m_forest.size());
  m_left_out.resize(m_forest.size());
  std::optional<Error> last;
  bool any = false;
  for (std::size_t i = 0; i < m_forest.size(); ++i) {
    if (!m_options.only_tree.empty() && m_specs[i].name != m_options.only_tree) {
      continue;
    }
    const auto view = m_forest[i]->view(m_options.as_of);
    if (!view) {
      last = view.error();
      m_left_out[i] = view.error().message;
      log::debug("tree left out: {}", view.error().message);
      continue;
    }
    any = true;
    if (view->until > 0) {
      m_views[i] = *view;
    } else {
      m_left_out[i] = m_options.as_of ? fmt::format("no commit of tree {} is as old as {} UTC",
                                                    m_specs[i].name, to_iso(*m_options.as_of))
                                      : fmt::format("tree {} has no commit yet", m_specs[i].name);
    }
  }
  if (!any) {
    return last ? fail_with("no tree can be used yet", *last)
                : fail(ErrorKind::invalid, "no tree is configured; add one under `trees:`");
  }
  std::set<std::string> unique;
  for (const auto& of_patch : m_patches.paths) {
    unique.insert(of_patch.begin(), of_patch.end());
  }
  const std::vector<std::string> paths(unique.begin(), unique.end());
  m_affinities =
      rank_trees(m_specs, m_series, paths, [this](std::size_t tree, const std::string& path) {
        return m_views[tree] ? m_forest[tree]->maintainers_section(path) : std::nullopt;
      });
  for (const auto& affinity : m_affinities) {
    if (affinity.needs_evidence && m_options.only_tree.empty()) {
      m_left_out[affinity.tree].clear();  // the series says nothing for it
    }
  }
  std::erase_if(m_affinities, [this](const auto& affinity) { return !m_views[affinity.tree]; });
  if (m_options.only_tree.empty()) {
    return {};
  }
  for (auto& affinity : m_affinities) {
    affinity.needs_evidence = false;  // the caller chose it
  }
  return {};
}

Result<void> SeriesPlacement::follow_dependencies() {
  PM_TRY_ASSIGN(const auto now, with_patch_ids());
  PM_TRY_ASSIGN(m_named, named_dependencies(m_queries, now ? *now : m_series, m_options.as_of,
                                            [this](const auto& other, const auto& patches) {
                                              return is_upstream(other, patches);
                                            }));
  if (!m_named.prerequisites.empty()) {
    m_on = std::make_shared<const Prerequisites>(m_named.prerequisites);
  }
  return {};
}

Result<std::optional<tracker::Series>> SeriesPlacement::with_patch_ids() {
  for (const auto& affinity : m_affinities) {
    PM_TRY_ASSIGN(git::Repository * repository, m_forest[affinity.tree]->repository());
    PM_TRY_ASSIGN(const bool learned, learn_patch_ids(m_database, m_queries, *repository));
    return learned ? m_queries.series(m_series.number) : std::nullopt;
  }
  return std::nullopt;
}

Result<void> SeriesPlacement::collect_only_commit() {
  Result<void> unread;
  for (const auto& affinity : m_affinities) {
    auto& tree = *m_forest[affinity.tree];
    const auto repository = tree.repository();
    const auto commit = repository ? (*repository)->resolve(m_options.only_commit)
                                   : Result<git::ObjectId>(tl::unexpected(repository.error()));
    if (!repository && unread) {
      unread = tl::unexpected(repository.error());
    }
    if (!commit) {
      continue;
    }
    Attempt attempt;
    attempt.tree = affinity.tree;
    attempt.base = *commit;
    attempt.candidate.tree = tree.spec().name;
    attempt.candidate.commit = *commit;
    attempt.candidate.explanation = "the commit asked for";
    m_attempts.push_back(std::move(attempt));
    return {};
  }
  return unread;  // the commit may be in the tree that cannot be read
}

Result<void> SeriesPlacement::collect_attempts() {
  for (const auto& affinity : m_affinities) {
    PM_TRY(collect_on(affinity, *m_views[affinity.tree]));
  }
  mark_base_commit();
  return {};
}

Result<void> SeriesPlacement::collect_on(const TreeAffinity& affinity, const TreeView& view) {
  Tree& tree = *m_forest[affinity.tree];
  TreeCandidates candidates(tree, affinity, view, m_series);
  SeriesPatches all;
  if (m_on) {
    all.inputs = m_on->inputs;
    all.inputs.insert(all.inputs.end(), m_patches.inputs.begin(), m_patches.inputs.end());
  }
  candidates.add_from_images(read_images(m_on ? all.inputs : m_patches.inputs).before, m_on);
  const bool base_named = tree.contains(view, m_series.base_commit);
  if (base_named) {
    candidates.add_base_commit(m_series.base_commit, m_on);
  }
  if (const auto good = last_good_commit(m_database, tree.spec().name, *view.index, view.until)) {
    candidates.add_last_good(*good, m_on);
  }
  const auto& match = candidates.match();
  const bool unexplained = !match || match->blobs_matched < match->blobs_total;
  if (!m_on && !base_named && unexplained) {
    PM_TRY_ASSIGN(const auto implied,
                  implied_dependency(m_database, m_queries, m_series, m_patches, *view.index,
                                     view.until, candidates.posted()));
    if (implied) {
      candidates.add_implied(*implied);
    }
  }
  auto attempts = candidates.take();
  std::move(attempts.begin(), attempts.end(), std::back_inserter(m_attempts));
  return {};
}

// A base-commit nobody can reach is shown, so that its author learns why it was not used.
void SeriesPlacement::mark_base_commit() {
  const bool used = std::any_of(m_attempts.begin(), m_attempts.end(), [](const Attempt& attempt) {
    const auto& reasons = attempt.candidate.reasons;
    return std::find(reasons.begin(), reasons.end(), Reason::base_commit) != reasons.end();
  });
  if (m_series.base_commit.empty() || used) {
    return;
  }
  Attempt attempt;
  attempt.usable = false;
  auto& candidate = attempt.candidate;
  candidate.commit = m_series.base_commit;
  candidate.reasons = {Reason::base_commit};
  bool known = false;
  for (const auto& affinity : m_affinities) {
    const auto repository = m_forest[affinity.tree]->repository();
    if (repository && (*repository)->exists(m_series.base_commit).value_or(false)) {
      known = true;
      candidate.tree = m_specs[affinity.tree].name;
      break;
    }
  }
  candidate.explanation =
      known ? "the mail names it as base-commit, but no configured branch contains it"
            : "the mail names it as base-commit, but no configured tree has such a commit";
  m_attempts.push_back(std::move(attempt));
}

Result<Placement> SeriesPlacement::try_attempts() {
  Placement placement;
  PM_TRY_ASSIGN(
      const RunOutcome outcome,
      run_attempts(
          m_attempts, m_patches, [this](std::size_t tree) { return m_forest[tree]->repository(); },
          [&]() -> Result<bool> {
            // Before the change that took it, it would fit again: that is no placement.
            PM_TRY_ASSIGN(const bool found, find_in_tree(placement));
            return !found;
          },
          m_options.explain));
  for (auto& attempt : m_attempts) {
    placement.candidates.push_back(attempt.candidate);
  }
  describe(placement);

  const bool nothing_new =
      outcome.applied && changes_nothing(*placement.candidates[*outcome.applied].outcome);
  if (outcome.applied && !nothing_new) {
    PM_TRY_ASSIGN(const bool taken, compare_with_tip(m_attempts[*outcome.applied], placement));
    if (taken) {
      return placement;
    }
    placement.state = PlacementState::placed;
    placement.chosen = outcome.applied;
    const auto& chosen = placement.candidates[*outcome.applied];
    placement.explanation = fmt::format("applies to {}: {}", chosen.described, chosen.explanation);
    if (!m_named.explanation.empty()) {
      placement.explanation += "; " + m_named.explanation;
    }
    if (placement.tip_conflict) {
      placement.explanation += "; it no longer applies to the newest commit of the branch";
    }
    if (const std::string note = note_of_dates(m_patches); !note.empty()) {
      placement.explanation += "; " + note;
    }
    return placement;
  }
  if (m_options.only_commit.empty() && placement.upstream.empty()) {
    PM_TRY(find_in_tree(placement));
  }
  if (!placement.upstream.empty()) {
    return placement;
  }
  placement.chosen = outcome.applied ? outcome.applied : outcome.nearest;
  if (nothing_new) {
    placement.state = PlacementState::already_applied;
    placement.explanation = fmt::format("{} has all of its changes already",
                                        placement.candidates[*placement.chosen].described);
  } else if (!placement.chosen) {
    placement.state = PlacementState::no_candidate;
    placement.explanation = why_no_candidate();
  } else if (m_on && outcome.only_prerequisites_failed) {
    placement.state = PlacementState::waiting;
    placement.waiting_for = m_named.prerequisites.series.back();
    placement.explanation = fmt::format("waiting: it depends on {}, which does not apply: {}",
                                        m_on->described, conflict_text(placement));
  } else if (m_named.unknown_patch) {
    placement.state = PlacementState::waiting;
    placement.explanation =
        fmt::format("waiting: {}; without it: {}", m_named.explanation, conflict_text(placement));
  } else {
    placement.state = PlacementState::conflict;
    placement.explanation = conflict_text(placement);
  }
  return placement;
}

std::string SeriesPlacement::why_no_candidate() const {
  if (!m_options.only_commit.empty()) {
    return fmt::format("no configured tree has the commit {}",
                       escape_terminal(m_options.only_commit));
  }
  std::string left_out;
  for (const std::string& reason : m_left_out) {
    if (!reason.empty()) {
      left_out += (left_out.empty() ? "" : "; ") + reason;
    }
  }
  return left_out.empty() ? "no configured tree takes this series: neither its list, its subject "
                            "tags nor its files belong to one"
                          : "there is no commit to try it on: " + left_out;
}

void SeriesPlacement::describe(Placement& placement) {
  std::size_t described = 0;
  for (auto& candidate : placement.candidates) {
    candidate.described = candidate.tree + ' ' + short_id(candidate.commit);
    const auto tree = std::find_if(m_forest.begin(), m_forest.end(), [&](const auto& other) {
      return other->spec().name == candidate.tree;
    });
    if (tree == m_forest.end() || described++ >= k_max_described) {
      continue;
    }
    const auto repository = (*tree)->repository();
    const auto commit = repository ? (*repository)->commit(candidate.commit)
                                   : Result<git::CommitInfo>(tl::unexpected(repository.error()));
    if (commit) {
      candidate.described +=
          fmt::format(" (\"{}\", {})", escape_terminal(ellipsize(commit->subject, 60)),
                      day_of(commit->committer.seconds));
    }
  }
}

std::string SeriesPlacement::conflict_text(const Placement& placement) const {
  const auto& candidate = placement.candidates[*placement.chosen];
  const auto tried = std::count_if(placement.candidates.begin(), placement.candidates.end(),
                                   [](const Candidate& other) { return other.tried; });
  std::string text =
      fmt::format("{}; nearest is {}",
                  tried == 1 ? "does not apply to the one commit tried"
                             : fmt::format("applies to none of the {} commits tried", tried),
                  candidate.described);
  if (!candidate.outcome || !candidate.outcome->conflict) {
    return text;
  }
  const auto& conflict = *candidate.outcome->conflict;
  text += fmt::format(", where patch {} fails", conflict.patch + 1);
  if (!conflict.file.empty()) {
    text += fmt::format(" in {}", escape_terminal(conflict.file));
  }
  if (conflict.hunk > 0) {
    text += fmt::format(", hunk {}", conflict.hunk);
  }
  return text + ": " + escape_terminal(conflict.reason);
}

}  // namespace patchmill::placement
