#pragma once
// Runs the queued nodes of one lane in order, and compares what they find with the base.

#include "app/baseline.hpp"
#include "app/job_runner.hpp"
#include "app/live_log.hpp"
#include "app/series_runner.hpp"
#include "pipeline/work_store.hpp"

#include <stop_token>

namespace patchmill::app {

class LaneRunner {
 public:
  // All outlive the runner. Kept from lane to lane it keeps its warm source folder.
  LaneRunner(Workspace& workspace, runtimes::Runtime& runtime, const RunWatcher& watcher);

  enum class End {
    done,     // every node has ended and left the queue
    stopped,  // by `stop`; what ran is as it was
    lost,     // somebody else closed the nodes meanwhile
  };
  // Each node leaves the queue in the transaction that ends it. `repository` holds the commits;
  // nullptr: the tree's. What goes wrong in a job is in its node; errors are infrastructure
  // (the store, the series cannot be read).
  Result<End> run(std::int64_t lane, git::Repository* repository = nullptr,
                  std::stop_token stop = {});

 private:
  struct Lane;
  Result<End> run_node(Lane& lane, const pipeline::QueuedNode& queued);
  Result<JobTarget> target_of(const Lane& lane, const pipeline::Node& node);
  [[nodiscard]] const pipeline::JobSpec* job_of(const pipeline::Node& node) const;
  bool finish(Lane& lane, pipeline::Node& node, Judgement judgement,
              const std::vector<pipeline::Artifact>& artifacts = {});

  Workspace& m_workspace;
  const RunWatcher& m_watcher;
  pipeline::WorkStore m_work;
  LiveLog m_live;
  JobRunner m_runner;
  Baselines m_baselines;
};

}  // namespace patchmill::app
