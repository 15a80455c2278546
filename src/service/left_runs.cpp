#include "service/left_runs.hpp"

#include "app/run_end.hpp"
#include "app/series_runner.hpp"
#include "pipeline/work_store.hpp"
#include "service/holder.hpp"
#include "store/cursors.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace patchmill::service {
namespace {

constexpr std::string_view k_setup_cursor = "service/config";

struct LeftRun {
  bool queued = false, begun = false;
};

// By series and attempt.
std::map<std::pair<std::int64_t, int>, LeftRun> runs_in_queue(
    pipeline::WorkStore& work, const std::function<bool(std::string_view)>& is_gone) {
  std::map<std::pair<std::int64_t, int>, LeftRun> runs;
  std::int64_t lane = 0;
  for (const auto& node : work.all()) {
    LeftRun& run = runs[{node.series, node.attempt}];
    run.queued = true;
    // Its first node has ended, or somebody had it.
    const bool headless = node.lane != lane && node.position > 0 && node.worker.empty();
    run.begun = run.begun || headless || is_gone(node.worker);
    lane = node.lane;
  }
  return runs;
}

}  // namespace

std::vector<std::int64_t> close_left_runs(app::Workspace& workspace) {
  pipeline::WorkStore work(workspace.database());
  auto runs = runs_in_queue(work, gone_holders(workspace.config(), workspace.database()));
  for (const auto& run : work.open_runs()) {
    const LeftRun left = runs[{run.series, run.attempt}];
    if (left.queued && !left.begun) {
      continue;
    }
    const auto series = workspace.queries().series(run.series);
    if (left.begun || !series) {
      app::abandon_run(workspace, run, findings::Verdict::incomplete, app::k_died_meanwhile);
    } else {
      app::conclude_run(workspace, *series, run);
    }
  }
  std::vector<std::int64_t> to_judge;
  for (const auto& pending : work.pending()) {
    to_judge.push_back(pending.series);
  }
  workspace.nodes().close_orphans();
  return to_judge;
}

std::vector<std::int64_t> runs_of_another_setup(app::Workspace& workspace) {
  store::Database& database = workspace.database();
  const std::string now = PATCHMILL_VERSION "/" + app::verdict_fingerprint(workspace.config());
  if (store::cursor(database, k_setup_cursor) == now) {
    return {};
  }
  std::vector<std::int64_t> series;
  for (const auto& run : pipeline::WorkStore(database).open_runs()) {
    series.push_back(run.series);
  }
  store::set_cursor(database, k_setup_cursor, now);
  return series;
}

}  // namespace patchmill::service
