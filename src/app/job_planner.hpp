#pragma once
// From a placed series to the nodes of its jobs in the queue.

#include "app/series_runner.hpp"
#include "app/series_view.hpp"
#include "pipeline/work_store.hpp"

namespace patchmill::app {

// Makes a node for each job the series gets and puts it into the queue, in lanes; jobs that do not
// run become nodes too, skipped with the reason. `on` is what it was applied to, `paths` are the
// touched files per patch; `place` is where it stands in the queue, its priority added to the
// tree's. Call it inside a transaction. Nothing is planned for a series without patches.
void plan_jobs(Workspace& workspace, const tracker::Series& series, const checks::SeriesView& view,
               const placement::Candidate& on, const std::vector<std::vector<std::string>>& paths,
               const pipeline::SeriesRun& run, const pipeline::Pending& place,
               const RunWatcher& watcher);

// A node for each job, none of which runs: skipped with `reason`, or with the job's own one where
// the series would not have got it. `checkout` is the series' node that they are of, `tags` are the
// subject prefixes.
void skip_jobs(Workspace& workspace, const pipeline::Node& checkout,
               const std::vector<std::string>& tags,
               const std::vector<std::vector<std::string>>& paths, const std::string& reason,
               const RunWatcher& watcher);

}  // namespace patchmill::app
