#include "app/series_plan.hpp"

#include "app/check_stage.hpp"
#include "app/series_front.hpp"

#include <set>

namespace patchmill::app {
namespace {

using placement::PlacementState;

// Why nothing can run on it; empty: it is applied.
std::string why_no_jobs(const SeriesPlan& plan) {
  if (plan.early) {
    return plan.early->reason;
  }
  switch (plan.placement->state) {
    case PlacementState::placed:
      return "";
    case PlacementState::conflict:
      return "the series does not apply";
    case PlacementState::already_applied:
      return "the tree has the series already";
    case PlacementState::not_code:
      return "there is no patch in it";
    case PlacementState::no_candidate:
    case PlacementState::waiting:
      return "the series is applied nowhere yet";
  }
  return "the series is applied nowhere yet";
}

}  // namespace

Result<SeriesPlan> plan_series(Workspace& workspace, const tracker::Series& series,
                               const placement::PlaceOptions& options, bool always_place) {
  const Config& config = workspace.config();
  SystemProcessRunner processes;
  const RunWatcher nobody;
  SeriesPlan plan;
  plan.early = SeriesFront(workspace, processes, nobody).early_verdict(series, false);
  placement::SeriesPatches patches;
  if (!plan.early || always_place) {
    if (config.trees.empty()) {
      return fail(ErrorKind::invalid,
                  "no trees are configured; add them under 'trees' (see docs/configuration.md)");
    }
    PM_TRY_ASSIGN(patches, placement::load_patches(workspace.queries(), series));
    PM_TRY_ASSIGN(plan.placement,
                  workspace.placer().place(series, patches, workspace.queries(), options));
  }
  if (!plan.early && plan.placement->state != PlacementState::not_code) {
    plan.checks = enabled_checks(config);
  }
  const std::string reason = why_no_jobs(plan);
  const bool has_tree = !plan.early && plan.placement->chosen.has_value();
  if (has_tree) {
    pipeline::PlanInput input;
    input.tree = plan.placement->candidates[*plan.placement->chosen].tree;
    input.tags = series.prefixes;
    input.paths = std::move(patches.paths);
    plan.jobs = pipeline::make_plan(config.jobs, input);
  } else {
    for (const auto& job : config.jobs) {
      plan.jobs.jobs.push_back({&job, std::nullopt});
    }
  }
  if (reason.empty()) {
    return plan;
  }
  std::set<const pipeline::JobSpec*> told;  // a job is planned once for each patch
  for (const auto& planned : plan.jobs.jobs) {
    if (told.insert(planned.job).second) {
      plan.jobs.skipped.push_back({planned.job, reason});
    }
  }
  plan.jobs.jobs.clear();
  return plan;
}

}  // namespace patchmill::app
