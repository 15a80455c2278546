#include "app/job_stage.hpp"

#include "app/baseline.hpp"
#include "runtimes/reproducer.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace patchmill::app {
namespace {

using findings::Verdict;

// mboxrd: one more '>' before every line that would read as the start of a mail.
std::string escaped_for_mbox(std::string_view raw) {
  std::string out;
  for (const std::string_view line : split_lines(raw)) {
    const auto marks = line.find_first_not_of('>');
    if (marks != std::string_view::npos && line.substr(marks).starts_with("From ")) {
      out += '>';
    }
    out += line;
    out += '\n';
  }
  return out + "\n";
}

class StageRun {
 public:
  StageRun(Workspace& workspace, runtimes::Runtime& runtime, const RunWatcher& watcher,
           const tracker::Series& series, const checks::SeriesView& view,
           const pipeline::Node& checkout, git::Repository& repository)
      : m_workspace(workspace),
        m_watcher(watcher),
        m_series(series),
        m_view(view),
        m_checkout(checkout),
        m_repository(repository),
        m_runner(workspace, runtime, watcher.log),
        m_baselines(workspace, m_runner) {}

  Result<void> run(const pipeline::Plan& plan) {
    for (const auto& skipped : plan.skipped) {
      skip({skipped.job, std::nullopt}, skipped.reason);
    }
    for (const auto& planned : plan.jobs) {
      if (const auto blocked = reason_not_to_start(planned)) {
        skip(planned, *blocked);
      } else {
        PM_TRY(run_one(planned));
      }
    }
    return {};
  }

  [[nodiscard]] std::optional<pipeline::IncompleteCause> cause() const { return m_cause; }

 private:
  void note_incomplete(pipeline::IncompleteCause cause) {
    // In the order of their declaration: the earlier, the sooner it helps to try again.
    m_cause = m_cause ? std::min(*m_cause, cause) : cause;
  }

  pipeline::Node node_for(const pipeline::PlannedJob& planned) const {
    pipeline::Node node;
    node.parent = m_checkout.id;
    node.series = m_series.number;
    node.kind = planned.job->kind;
    node.name = planned.job->name;
    node.patch = planned.patch;
    node.attempt = m_checkout.attempt;
    node.tree = m_view.tree;
    node.commit = commit_of(planned);
    node.runtime = "local";
    node.reproducer = reproducer_of(planned);
    return node;
  }

  git::ObjectId commit_of(const pipeline::PlannedJob& planned) const {
    if (!planned.patch) {
      return m_view.patches.back().commit;
    }
    for (const auto& patch : m_view.patches) {
      if (patch.number == *planned.patch) {
        return patch.commit;
      }
    }
    return {};
  }

  // The script that repeats it elsewhere: clone, base, git am of the patches so far, the command.
  std::string reproducer_of(const pipeline::PlannedJob& planned) const {
    runtimes::ReproducerInput input;
    input.title =
        fmt::format("{} of series {}, {}", planned.job->name, m_series.number, m_series.name);
    for (const auto& tree : m_workspace.config().trees) {
      input.tree_url = tree.name == m_view.tree ? tree.url : input.tree_url;
    }
    input.base_commit = m_view.base;
    for (const auto& patch : m_series.patches) {
      if (planned.patch && patch.number > *planned.patch) {
        break;
      }
      if (const auto raw = m_workspace.queries().raw(patch.message)) {
        input.mbox += "From mboxrd@z Thu Jan  1 00:00:00 1970\n" + escaped_for_mbox(*raw);
      }
      input.source += (input.source.empty() ? "<" : " <") + patch.msgid + ">";
    }
    input.command = planned.job->command;
    input.env = planned.job->env;
    input.nipa_dir = planned.job->nipa_dir;
    input.warm = !planned.job->warm.empty();
    return runtimes::make_reproducer(input);
  }

  // Once a patch broke the build, the later patches only repeat it. A test that looks at one patch
  // alone (NIPA's) is asked about each.
  std::optional<std::string> reason_not_to_start(const pipeline::PlannedJob& planned) const {
    const bool cumulative =
        planned.job->nipa_dir.empty() &&
        (planned.job->kind == pipeline::NodeKind::kbuild || planned.job->results == "compiler");
    for (const auto& done : m_done) {
      if (cumulative && planned.patch && done.name == planned.job->name &&
          done.verdict == Verdict::fail) {
        return fmt::format("patch {} failed it", done.patch.value_or(0));
      }
    }
    return pipeline::blocked_by(planned, m_done);
  }

  void skip(const pipeline::PlannedJob& planned, const std::string& reason) {
    pipeline::Node node = m_workspace.nodes().create(node_for(planned));
    m_workspace.nodes().finish(node, Verdict::skip, reason);
    m_done.push_back({planned.job->name, planned.patch, Verdict::skip});
    if (m_watcher.node_done) {
      m_watcher.node_done(node);
    }
  }

  Result<void> run_one(const pipeline::PlannedJob& planned) {
    pipeline::Node node = m_workspace.nodes().create(node_for(planned));
    m_workspace.nodes().start(node);
    if (m_watcher.node_started) {
      m_watcher.node_started(node);
    }
    JobTarget target;
    target.repository = &m_repository;
    target.tree = m_view.tree;
    target.commit = node.commit;
    target.base = m_view.base;
    target.first_in_series = !planned.patch || *planned.patch == m_view.patches.front().number;
    auto outcome = m_runner.run(*planned.job, target);
    if (!outcome) {
      return give_up(node, planned, outcome.error());
    }
    std::optional<BaselineResult> base;
    if (m_workspace.config().jobs_with_baseline.contains(planned.job->name) &&
        needs_baseline(outcome->run)) {
      auto found = m_baselines.of(*planned.job, target);
      if (!found) {
        return give_up(node, planned, found.error());
      }
      base = *std::move(found);
    }
    if (base && planned.patch) {
      const auto& before = m_before[planned.job->name];
      base->findings.insert(base->findings.end(), before.begin(), before.end());
    }
    const Judgement judgement = judge(outcome->run, base ? &*base : nullptr);
    if (judgement.verdict == Verdict::incomplete) {
      note_incomplete(outcome->run.verdict == Verdict::incomplete
                          ? outcome->run.cause
                          : pipeline::IncompleteCause::infrastructure);  // the base is to blame
    }
    m_before[planned.job->name] = std::move(outcome->run.findings);
    m_workspace.nodes().finish(node, judgement.verdict, judgement.summary, judgement.findings,
                               outcome->artifacts);
    m_done.push_back({planned.job->name, planned.patch, judgement.verdict});
    if (m_watcher.node_done) {
      m_watcher.node_done(node);
    }
    return {};
  }

  Result<void> give_up(pipeline::Node& node, const pipeline::PlannedJob& planned,
                       const Error& error) {
    m_workspace.nodes().finish(node, Verdict::incomplete, error.message);
    note_incomplete(pipeline::IncompleteCause::infrastructure);
    m_done.push_back({planned.job->name, planned.patch, Verdict::incomplete});
    if (m_watcher.node_done) {
      m_watcher.node_done(node);
    }
    return {};
  }

  Workspace& m_workspace;
  const RunWatcher& m_watcher;
  const tracker::Series& m_series;
  const checks::SeriesView& m_view;
  const pipeline::Node& m_checkout;
  git::Repository& m_repository;
  JobRunner m_runner;
  Baselines m_baselines;
  std::vector<pipeline::JobResult> m_done;
  std::optional<pipeline::IncompleteCause> m_cause;
  // What a per-patch job found on the patch before, by name: not the doing of the next one.
  std::map<std::string, std::vector<findings::Finding>> m_before;
};

}  // namespace

JobStage::JobStage(Workspace& workspace, runtimes::Runtime& runtime, const RunWatcher& watcher)
    : m_workspace(workspace), m_runtime(runtime), m_watcher(watcher) {}

Result<std::optional<pipeline::IncompleteCause>> JobStage::run(
    const tracker::Series& series, const checks::SeriesView& view,
    const std::vector<std::vector<std::string>>& paths, const pipeline::Node& checkout,
    git::Repository& repository) {
  if (view.patches.empty() || m_workspace.config().jobs.empty()) {
    return std::optional<pipeline::IncompleteCause>();
  }
  pipeline::PlanInput input;
  input.tree = view.tree;
  input.tags = view.tags;
  input.paths = paths;
  const pipeline::Plan plan = pipeline::make_plan(m_workspace.config().jobs, input);
  StageRun run(m_workspace, m_runtime, m_watcher, series, view, checkout, repository);
  PM_TRY(run.run(plan));
  return run.cause();
}

}  // namespace patchmill::app
