#include "app/job_planner.hpp"

#include "app/job_runner.hpp"
#include "git/mirror_source.hpp"
#include "pipeline/lanes.hpp"
#include "runtimes/reproducer.hpp"
#include "tracker/facts.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string_view>

namespace patchmill::app {
namespace {

// What a job takes that never ran.
constexpr std::chrono::seconds k_unknown_duration{60};

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

// What lies on this machine and not in the tree: folders the job may read, and a program in one of
// them. Other programs are the system's, which every machine has where it wants them.
std::vector<std::string> machine_paths(const pipeline::JobSpec& job) {
  const std::string program = job.command.empty() ? std::string() : job.command[0];
  const std::string folder = std::filesystem::path(program).parent_path().string();
  std::vector<std::string> paths;
  for (const std::string& readable : job.read_only) {
    const bool of_program = folder == readable || folder.starts_with(readable + "/");
    if (of_program && std::ranges::find(paths, program) == paths.end()) {
      paths.push_back(program);
    }
    // The folder of a program is readable as such; a NIPA test may bring more along.
    if (folder != readable || readable == job.nipa_dir) {
      paths.push_back(readable);
    }
  }
  return paths;
}

class Planner {
 public:
  Planner(Workspace& workspace, const tracker::Series& series, const checks::SeriesView& view,
          const placement::Candidate& on, const pipeline::SeriesRun& run,
          const pipeline::Pending& place, const RunWatcher& watcher)
      : m_workspace(workspace),
        m_series(series),
        m_view(view),
        m_on(on),
        m_run(run),
        m_priority(place.priority + share_of(workspace.config(), view.tree).priority),
        m_queued(place.queued.value_or(workspace.clock().now())),
        m_watcher(watcher),
        m_work(workspace.database()) {}

  void add(const pipeline::Plan& plan) {
    for (const auto& skipped : plan.skipped) {
      skip(skipped);
    }
    const auto lanes = pipeline::lanes_of(plan);
    std::map<std::size_t, std::pair<std::int64_t, int>> begun;  // lane: its id, its length so far
    for (std::size_t i = 0; i < plan.jobs.size(); ++i) {
      const pipeline::Node node = m_workspace.nodes().create(node_for(plan.jobs[i]));
      // A lane is named after its first node.
      auto& [lane, length] = begun.try_emplace(lanes[i], node.id, 0).first->second;
      enqueue(node, lane, length++);
    }
  }

 private:
  void enqueue(const pipeline::Node& node, std::int64_t lane, int position) {
    pipeline::QueuedNode queued;
    queued.node = node.id;
    queued.lane = lane;
    queued.position = position;
    queued.series = m_run.series;
    queued.attempt = m_run.attempt;
    queued.project = m_run.project;
    queued.author = tracker::author_key(m_series.submitter);
    queued.priority = m_priority;
    queued.queued = m_queued;
    // At once, also when the clock is set back meanwhile.
    queued.ready_at = Timestamp{};
    queued.estimate = usual_duration(node.name);
    m_work.enqueue(queued);
  }

  std::chrono::seconds usual_duration(const std::string& job) {
    const auto [known, fresh] = m_durations.try_emplace(job, k_unknown_duration);
    if (fresh) {
      known->second = m_work.usual_duration(job).value_or(k_unknown_duration);
    }
    return known->second;
  }

  void skip(const pipeline::SkippedJob& skipped) {
    pipeline::Node node = m_workspace.nodes().create(node_for({skipped.job, std::nullopt}));
    m_workspace.nodes().finish(node, findings::Verdict::skip, skipped.reason);
    if (m_watcher.node_done) {
      m_watcher.node_done(node);
    }
  }

  pipeline::Node node_for(const pipeline::PlannedJob& planned) {
    pipeline::Node node;
    node.parent = m_run.checkout;
    node.series = m_series.number;
    node.kind = planned.job->kind;
    node.name = planned.job->name;
    node.patch = planned.patch;
    node.attempt = m_run.attempt;
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

  // Without their text where one of them cannot be read: the rest would be another series.
  [[nodiscard]] runtimes::ReproducerMails mails_of(
      std::span<const tracker::PatchRef> patches) const {
    runtimes::ReproducerMails mails;
    bool all = true;
    for (const auto& patch : patches) {
      const auto raw = m_workspace.queries().raw(patch.message);
      all = all && raw.has_value();
      if (raw) {
        mails.mbox += "From mboxrd@z Thu Jan  1 00:00:00 1970\n" + escaped_for_mbox(*raw);
      }
      mails.source += (mails.source.empty() ? "<" : " <") + patch.msgid + ">";
    }
    if (!all) {
      mails.mbox.clear();
    }
    return mails;
  }

  // The script that repeats it elsewhere: clone, base, git am of what it is on top of and of the
  // patches so far, the command.
  std::string reproducer_of(const pipeline::PlannedJob& planned) {
    runtimes::ReproducerInput input;
    input.title =
        fmt::format("{} of series {}, {}", planned.job->name, m_series.number, m_series.name);
    for (const auto& tree : m_workspace.config().trees) {
      if (tree.name == m_view.tree) {
        // Whoever may see the pages may read the script.
        input.tree_url = git::without_credentials(tree.url, tree.url);
        input.tree_url_shortened = input.tree_url != tree.url;
      }
    }
    input.base_commit = m_on.tree_commit.empty() ? m_view.base : m_on.tree_commit;
    if (!m_below) {
      m_below = mails_of(m_on.below);
    }
    input.below = *m_below;
    const auto& patches = m_series.patches;
    const auto end = std::ranges::find_if(
        patches, [&](const auto& patch) { return planned.patch && patch.number > *planned.patch; });
    input.mails = mails_of({patches.begin(), end});
    input.first_in_series = is_first_in_series(m_series, planned.patch);
    input.machine_paths = machine_paths(*planned.job);
    input.command = planned.job->command;
    input.env = planned.job->env;
    input.nipa_dir = planned.job->nipa_dir;
    input.warm = !planned.job->warm.empty();
    return runtimes::make_reproducer(input);
  }

  Workspace& m_workspace;
  const tracker::Series& m_series;
  const checks::SeriesView& m_view;
  const placement::Candidate& m_on;
  const pipeline::SeriesRun& m_run;
  const int m_priority;
  const Timestamp m_queued;
  const RunWatcher& m_watcher;
  pipeline::WorkStore m_work;
  std::map<std::string, std::chrono::seconds> m_durations;
  std::optional<runtimes::ReproducerMails> m_below;  // read once: the same for every job
};

}  // namespace

void plan_jobs(Workspace& workspace, const tracker::Series& series, const checks::SeriesView& view,
               const placement::Candidate& on, const std::vector<std::vector<std::string>>& paths,
               const pipeline::SeriesRun& run, const pipeline::Pending& place,
               const RunWatcher& watcher) {
  if (view.patches.empty() || workspace.config().jobs.empty()) {
    return;
  }
  pipeline::PlanInput input;
  input.tree = view.tree;
  input.tags = view.tags;
  input.paths = paths;
  Planner(workspace, series, view, on, run, place, watcher)
      .add(pipeline::make_plan(workspace.config().jobs, input));
}

void skip_jobs(Workspace& workspace, const pipeline::Node& checkout,
               const std::vector<std::string>& tags,
               const std::vector<std::vector<std::string>>& paths, const std::string& reason,
               const RunWatcher& watcher) {
  pipeline::PlanInput input;
  input.tree = checkout.tree;
  input.tags = tags;
  input.paths = paths;
  const auto plan = pipeline::make_plan(workspace.config().jobs, input);
  std::set<std::string_view> done;  // a job runs once for each patch
  const auto skip = [&](const pipeline::JobSpec& job, const std::string& why) {
    if (!done.insert(job.name).second) {
      return;
    }
    pipeline::Node node;
    node.parent = checkout.id;
    node.series = checkout.series;
    node.kind = job.kind;
    node.name = job.name;
    node.attempt = checkout.attempt;
    node.tree = checkout.tree;
    node.commit = checkout.commit;
    node.runtime = "local";
    node = workspace.nodes().create(node);
    workspace.nodes().finish(node, findings::Verdict::skip, why);
    if (watcher.node_done) {
      watcher.node_done(node);
    }
  };
  for (const auto& skipped : plan.skipped) {
    skip(*skipped.job, skipped.reason);
  }
  for (const auto& planned : plan.jobs) {
    skip(*planned.job, reason);
  }
}

}  // namespace patchmill::app
