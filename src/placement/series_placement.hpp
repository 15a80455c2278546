#pragma once
// Placing one series: from what is known of it to a base it applies on, or the reason why none.

#include "placement/attempt_runner.hpp"
#include "placement/candidates.hpp"
#include "placement/placement.hpp"
#include "placement/prerequisites.hpp"
#include "placement/tree.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace patchmill::placement {

// Used once. Everything is borrowed for its lifetime.
class SeriesPlacement {
 public:
  SeriesPlacement(store::Database& database, std::span<const TreeSpec> specs,
                  std::span<const std::unique_ptr<Tree>> forest, tracker::Queries& queries,
                  const tracker::Series& series, const SeriesPatches& patches,
                  const PlaceOptions& options);
  Result<Placement> run();

 private:
  [[nodiscard]] bool has_code() const;
  Result<void> open_trees();
  Result<void> follow_dependencies();
  // The series once more, when patch-ids learnt just now may have resolved its dependencies.
  Result<std::optional<tracker::Series>> with_patch_ids();
  Result<void> collect_attempts();
  Result<void> collect_on(const TreeAffinity& affinity, const TreeView& view);
  Result<void> collect_only_commit();
  void mark_base_commit();
  Result<Placement> try_attempts();
  Result<bool> find_in_tree(Placement& placement);
  // Of a series that applies to an older commit. True when the branch has taken it meanwhile (and
  // `placement` says so); a conflict with the branch as it is now is noted in `placement`.
  Result<bool> compare_with_tip(const Attempt& attempt, Placement& placement);
  bool is_upstream(const tracker::Series& other, const SeriesPatches& other_patches);
  void describe(Placement& placement);
  [[nodiscard]] std::string why_no_candidate() const;
  [[nodiscard]] std::string conflict_text(const Placement& placement) const;

  store::Database& m_database;
  std::span<const TreeSpec> m_specs;
  std::span<const std::unique_ptr<Tree>> m_forest;
  tracker::Queries& m_queries;
  const tracker::Series& m_series;
  const SeriesPatches& m_patches;
  const PlaceOptions& m_options;

  std::vector<std::optional<TreeView>> m_views;  // empty: not considered, or not fetched yet
  std::vector<std::string> m_left_out;           // a tree that might take it: why its view is empty
  std::vector<TreeAffinity> m_affinities;
  NamedDependencies m_named;
  std::shared_ptr<const Prerequisites> m_on;  // the named ones, if there are any
  std::vector<Attempt> m_attempts;
};

// All of its patches were there before.
bool changes_nothing(const git::ApplyOutcome& outcome);

}  // namespace patchmill::placement
