#include "app/lane_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <span>

namespace patchmill::app {

using findings::Finding;
using findings::Verdict;

struct LaneRunner::Lane {
  tracker::Series series;
  pipeline::SeriesRun run;
  git::Repository* repository = nullptr;
  std::stop_token stop;
  std::vector<pipeline::JobResult> done;
  // What a per-patch job found on the patches before, by name: not the doing of the next one.
  std::map<std::string, std::vector<findings::Finding>> before;
  bool lost = false;
};

LaneRunner::LaneRunner(Workspace& workspace, runtimes::Runtime& runtime, const RunWatcher& watcher)
    : m_workspace(workspace),
      m_watcher(watcher),
      m_work(workspace.database()),
      m_live(workspace.config().data / "live"),
      m_runner(workspace, runtime,
               [this](std::string_view text) {
                 m_live.add(text);
                 if (m_watcher.log) {
                   m_watcher.log(text);
                 }
               }),
      m_baselines(workspace, m_runner) {}

Result<LaneRunner::End> LaneRunner::run(std::int64_t lane, git::Repository* repository,
                                        std::stop_token stop) {
  const auto queue = m_work.lane(lane);
  if (queue.empty()) {
    return End::lost;
  }
  const auto run = m_work.run(queue.front().series, queue.front().attempt);
  auto series = m_workspace.queries().series(queue.front().series);
  if (!run || !series) {
    return fail(ErrorKind::infrastructure,
                fmt::format("nodes of series {} are in the queue, but the series is not in the "
                            "store; cancel it with `patchmill cancel {}`",
                            queue.front().series, queue.front().series));
  }
  Lane taken;
  taken.series = *std::move(series);
  taken.run = *run;
  taken.repository = repository;
  taken.stop = std::move(stop);
  for (const auto& queued : queue) {
    PM_TRY_ASSIGN(const End end, run_node(taken, queued));
    if (end != End::done) {
      return end;
    }
  }
  return End::done;
}

const pipeline::JobSpec* LaneRunner::job_of(const pipeline::Node& node) const {
  const auto& jobs = m_workspace.config().jobs;
  const auto found = std::ranges::find(jobs, node.name, &pipeline::JobSpec::name);
  return found != jobs.end() ? &*found : nullptr;
}

namespace {

// Once a patch broke the build, the later patches only repeat it. A test that looks at one patch
// alone (NIPA's) is asked about each.
std::optional<std::string> reason_not_to_start(const pipeline::PlannedJob& planned,
                                               const std::vector<pipeline::JobResult>& done) {
  const bool cumulative =
      planned.job->nipa_dir.empty() &&
      (planned.job->kind == pipeline::NodeKind::kbuild || planned.job->results == "compiler");
  for (const auto& earlier : done) {
    if (cumulative && planned.patch && earlier.name == planned.job->name &&
        earlier.verdict == Verdict::fail) {
      return fmt::format("patch {} failed it", earlier.patch.value_or(0));
    }
  }
  return pipeline::blocked_by(planned, done);
}

}  // namespace

Result<JobTarget> LaneRunner::target_of(const Lane& lane, const pipeline::Node& node) {
  JobTarget target;
  target.repository = lane.repository;
  if (target.repository == nullptr) {
    PM_TRY_ASSIGN(target.repository, m_workspace.placer().repository(node.tree));
  }
  target.tree = node.tree;
  target.commit = node.commit;
  target.base = lane.run.base_commit;
  target.first_in_series = is_first_in_series(lane.series, node.patch);
  target.stop = lane.stop;
  return target;
}

bool LaneRunner::finish(Lane& lane, pipeline::Node& node, Judgement judgement,
                        const std::vector<pipeline::Artifact>& artifacts) {
  store::Transaction transaction(m_workspace.database());
  // Whoever took the lane away has ended its nodes: theirs is the last word.
  if (!m_work.remove(node.id)) {
    lane.lost = true;
    return false;
  }
  m_workspace.nodes().finish(node, judgement.verdict, std::move(judgement.summary),
                             judgement.findings, artifacts);
  transaction.commit();
  lane.done.push_back({node.name, node.patch, judgement.verdict});
  if (m_watcher.node_done) {
    m_watcher.node_done(node);
  }
  return true;
}

Result<LaneRunner::End> LaneRunner::run_node(Lane& lane, const pipeline::QueuedNode& queued) {
  if (lane.stop.stop_requested()) {
    return End::stopped;
  }
  auto found = m_workspace.nodes().node(queued.node);
  if (!found) {
    return End::lost;
  }
  pipeline::Node node = *std::move(found);
  const auto ended = [&](Judgement judgement,
                         const std::vector<pipeline::Artifact>& artifacts = {}) {
    return finish(lane, node, std::move(judgement), artifacts) ? End::done : End::lost;
  };
  const auto gave_up = [&](const Error& error) {
    node.cause = pipeline::IncompleteCause::infrastructure;
    return ended({Verdict::incomplete, error.message, {}});
  };
  const pipeline::JobSpec* job = job_of(node);
  if (job == nullptr) {
    return ended({Verdict::skip, "the configuration has no such job any more", {}});
  }
  if (auto reason = reason_not_to_start({job, node.patch}, lane.done)) {
    return ended({Verdict::skip, *std::move(reason), {}});
  }
  m_workspace.nodes().start(node);
  if (m_watcher.node_started) {
    m_watcher.node_started(node);
  }
  auto target = target_of(lane, node);
  if (!target) {
    return gave_up(target.error());
  }
  m_live.begin(node.id);
  auto outcome = m_runner.run(*job, *target);
  m_live.end();
  if (lane.stop.stop_requested()) {
    return End::stopped;
  }
  if (!outcome) {
    return gave_up(outcome.error());
  }
  auto& before = lane.before[job->name];
  Judgement judgement;
  if (m_workspace.config().jobs_with_baseline.contains(job->name) && needs_baseline(outcome->run)) {
    auto judged = m_baselines.compare(*job, *target, outcome->run,
                                      node.patch ? std::span(before) : std::span<Finding>());
    if (lane.stop.stop_requested()) {
      return End::stopped;
    }
    if (!judged) {
      return gave_up(judged.error());
    }
    judgement = *std::move(judged);
  } else {
    judgement = judge(outcome->run, nullptr);
  }
  if (judgement.verdict == Verdict::incomplete) {
    node.cause = outcome->run.verdict == Verdict::incomplete
                     ? outcome->run.cause
                     : pipeline::IncompleteCause::infrastructure;  // the base is to blame
  }
  std::ranges::move(findings::introduced(before, outcome->run.findings),
                    std::back_inserter(before));
  return ended(std::move(judgement), outcome->artifacts);
}

}  // namespace patchmill::app
