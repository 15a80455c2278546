#include "app/baseline.hpp"

#include "app/series_runner.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::app {
namespace {

// A changed job is another job: its earlier baseline says nothing.
std::string baseline_name(const Config& config, const pipeline::JobSpec& job) {
  Config alone;
  alone.jobs = {job};
  if (config.jobs_with_baseline.contains(job.name)) {
    alone.jobs_with_baseline = {job.name};
  }
  return fmt::format("{} on the base [{}]", job.name, verdict_fingerprint(alone).substr(0, 8));
}

}  // namespace

Baselines::Baselines(Workspace& workspace, JobRunner& runner)
    : m_workspace(workspace), m_runner(runner) {}

std::vector<const pipeline::JobSpec*> Baselines::with_needs(const pipeline::JobSpec& job) const {
  std::vector<const pipeline::JobSpec*> order;
  // The configuration refuses cycles, so this ends.
  const std::function<void(const pipeline::JobSpec&)> visit = [&](const pipeline::JobSpec& one) {
    for (const auto& other : m_workspace.config().jobs) {
      if (std::find(one.needs.begin(), one.needs.end(), other.name) != one.needs.end()) {
        visit(other);
      }
    }
    if (std::find(order.begin(), order.end(), &one) == order.end()) {
      order.push_back(&one);
    }
  };
  visit(job);
  return order;
}

Result<BaselineResult> Baselines::of(const pipeline::JobSpec& job, const JobTarget& target) {
  JobTarget base = target;
  base.commit = target.base;
  base.first_in_series = true;
  pipeline::Node key;
  key.series = 0;
  key.kind = job.kind;
  key.name = baseline_name(m_workspace.config(), job);
  key.tree = target.tree;
  key.commit = base.commit;
  const pipeline::Node node = m_workspace.nodes().create(key);
  if (node.state == pipeline::NodeState::done && node.result &&
      *node.result != findings::Verdict::incomplete) {
    return BaselineResult{*node.result, node.summary, m_workspace.nodes().findings_of(node.id)};
  }
  // Jobs hand on their work in warm folders, so what this one needs must be at the base as well.
  const auto jobs = with_needs(job);
  BaselineResult result;
  for (const auto* one : jobs) {
    PM_TRY_ASSIGN(result, run(*one, base));
    if (one != &job && result.verdict != findings::Verdict::pass &&
        result.verdict != findings::Verdict::warning) {
      return BaselineResult{
          result.verdict,
          fmt::format("{} does not pass on the base: {}", one->name, result.summary),
          {}};
    }
  }
  return result;
}

Result<BaselineResult> Baselines::run(const pipeline::JobSpec& job, const JobTarget& base) {
  pipeline::Node node;
  node.series = 0;
  node.kind = job.kind;
  node.name = baseline_name(m_workspace.config(), job);
  node.tree = base.tree;
  node.commit = base.commit;
  node.runtime = "local";
  node = m_workspace.nodes().create(node);
  m_workspace.nodes().start(node);
  auto outcome = m_runner.run(job, base);
  if (!outcome) {
    m_workspace.nodes().finish(node, findings::Verdict::incomplete, outcome.error().message);
    return tl::unexpected(std::move(outcome).error());
  }
  const auto& run = outcome->run;
  m_workspace.nodes().finish(node, run.verdict, run.summary, run.findings, outcome->artifacts);
  if (run.verdict == findings::Verdict::pass && job.kind == pipeline::NodeKind::kbuild &&
      !m_workspace.config().trees.empty()) {
    m_workspace.placer().record_good(base.tree, base.commit);
  }
  return BaselineResult{run.verdict, run.summary, run.findings};
}

}  // namespace patchmill::app
