#include "app/baseline.hpp"

#include "app/series_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>

namespace patchmill::app {
namespace {

using findings::Finding;
using findings::Severity;
using findings::Verdict;

// A changed job is another job: its earlier baseline says nothing. So is one whose program, or what
// it needs, has changed.
std::string baseline_name(const Config& config,
                          const std::vector<const pipeline::JobSpec*>& with_needs) {
  Config alone;
  alone.file = config.file;
  for (const auto* job : with_needs) {
    alone.jobs.push_back(*job);
    if (config.jobs_with_baseline.contains(job->name)) {
      alone.jobs_with_baseline.insert(job->name);
    }
  }
  return fmt::format("{} on the base [{}]", alone.jobs.back().name,
                     verdict_fingerprint(alone).substr(0, 8));
}

// What needs the job can go on. A base may fail tests: judged against it, the series passes.
bool works(Verdict verdict, std::span<const Finding> found) {
  return verdict == Verdict::pass || verdict == Verdict::warning ||
         only_tests_failed(verdict, found);
}

JobTarget at_base(const JobTarget& target) {
  JobTarget base = target;
  base.commit = target.base;
  base.first_in_series = true;
  return base;
}

// Both, without repeating what they have in common.
std::vector<Finding> joined(std::span<const Finding> known, std::span<const Finding> more) {
  std::vector<Finding> all(known.begin(), known.end());
  std::ranges::move(findings::introduced(known, more), std::back_inserter(all));
  return all;
}

std::vector<std::string> files_warned_of(const std::vector<Finding>& list) {
  std::set<std::string> files;
  for (const auto& finding : list) {
    if (finding.severity == Severity::warning) {
      files.insert(finding.file);
    }
  }
  return {files.begin(), files.end()};
}

// Whether every one of these files is another one at the target, so that base and target both
// compiled it just now.
bool all_differ(const JobTarget& target, const std::vector<std::string>& files) {
  const auto there = target.repository->entries(target.base, files);
  const auto here = target.repository->entries(target.commit, files);
  if (!there || !here || here->size() != files.size()) {
    return false;
  }
  return std::ranges::none_of(*here, [&](const git::TreeEntry& entry) {
    return std::ranges::any_of(*there, [&](const git::TreeEntry& other) {
      return other.path == entry.path && other.id == entry.id;
    });
  });
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

pipeline::Node Baselines::node_of(const pipeline::JobSpec& job, const JobTarget& base) {
  pipeline::Node node;
  node.series = 0;
  node.kind = job.kind;
  node.name = baseline_name(m_workspace.config(), with_needs(job));
  node.tree = base.tree;
  node.commit = base.commit;
  node.runtime = "local";
  return m_workspace.nodes().create(node);
}

Result<BaselineResult> Baselines::of(const pipeline::JobSpec& job, const JobTarget& target) {
  const JobTarget base = at_base(target);
  const pipeline::Node node = node_of(job, base);
  if (node.state == pipeline::NodeState::done && node.result &&
      *node.result != Verdict::incomplete) {
    return BaselineResult{*node.result, node.summary, m_workspace.nodes().findings_of(node.id)};
  }
  // Jobs hand on their work in warm folders, so what this one needs must be at the base as well.
  const auto jobs = with_needs(job);
  BaselineResult result;
  for (const auto* one : jobs) {
    PM_TRY_ASSIGN(result, run(*one, base));
    if (one != &job && !works(result.verdict, result.findings)) {
      return BaselineResult{
          result.verdict,
          fmt::format("{} does not pass on the base: {}", one->name, result.summary),
          {}};
    }
  }
  result.ran = true;
  return result;
}

Result<BaselineResult> Baselines::run(const pipeline::JobSpec& job, const JobTarget& base) {
  pipeline::Node node = node_of(job, base);
  m_workspace.nodes().start(node);
  auto outcome = m_runner.run(job, base);
  if (!outcome) {
    m_workspace.nodes().finish(node, Verdict::incomplete, outcome.error().message);
    return tl::unexpected(std::move(outcome).error());
  }
  const auto& run = outcome->run;
  m_workspace.nodes().finish(node, run.verdict, run.summary, run.findings, outcome->artifacts);
  if (run.verdict == Verdict::pass && job.kind == pipeline::NodeKind::kbuild &&
      !m_workspace.config().trees.empty()) {
    m_workspace.placer().record_good(base.tree, base.commit);
  }
  return BaselineResult{run.verdict, run.summary, run.findings};
}

Result<std::optional<Baselines::Repetition>> Baselines::repeat(const pipeline::JobSpec& job,
                                                               const JobTarget& target,
                                                               Verdict before) {
  Repetition last;
  for (const auto* one : with_needs(job)) {
    last.started = m_workspace.clock().now();
    PM_TRY_ASSIGN(last.outcome, m_runner.run(*one, target));
    const auto& run = last.outcome.run;
    const bool fit = one == &job ? run.verdict == before : works(run.verdict, run.findings);
    if (!fit) {
      return std::nullopt;
    }
  }
  return last;
}

Result<bool> Baselines::repeat_base(const pipeline::JobSpec& job, const JobTarget& base,
                                    BaselineResult& known) {
  PM_TRY_ASSIGN(const auto again, repeat(job, base, known.verdict));
  if (!again) {
    return false;
  }
  const auto& run = again->outcome.run;
  known.summary = run.summary;
  known.findings = joined(known.findings, run.findings);
  // Not NodeStore::start(): until there is a result, the one that is stored stands.
  pipeline::Node node = node_of(job, base);
  node.started = again->started;
  m_workspace.nodes().finish(node, run.verdict, run.summary, known.findings,
                             again->outcome.artifacts);
  return true;
}

Result<Judgement> Baselines::compare(const pipeline::JobSpec& job, const JobTarget& target,
                                     runtimes::RunOutcome run, std::span<const Finding> before) {
  PM_TRY_ASSIGN(BaselineResult base, of(job, target));
  const auto judged = [&] {
    BaselineResult known = base;
    known.earlier = findings::introduced(base.findings, before);
    return judge(run, &known);
  };
  Judgement judgement = judged();
  auto files = files_warned_of(judgement.findings);
  if (job.warm.empty() || files.empty() || base.verdict == Verdict::incomplete) {
    return judgement;
  }
  if (!base.ran) {
    PM_TRY_ASSIGN(const bool repeated, repeat_base(job, at_base(target), base));
    if (!repeated) {
      return judgement;
    }
    judgement = judged();
    files = files_warned_of(judgement.findings);
  }
  if (files.empty() || all_differ(target, files)) {
    return judgement;
  }
  // Others came into the folder with another base, or it was empty: compiled for the target then,
  // and not again for the base.
  PM_TRY_ASSIGN(const auto again, repeat(job, target, run.verdict));
  if (again) {
    const auto not_again = findings::introduced(again->outcome.run.findings, run.findings);
    run.findings = findings::introduced(not_again, run.findings);
    judgement = judged();
  }
  return judgement;
}

}  // namespace patchmill::app
