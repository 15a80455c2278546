#include "pipeline/job.hpp"
#include "pipeline/job_order.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace patchmill::pipeline {
namespace {

bool any_path_matches(const std::vector<std::string>& globs,
                      const std::vector<std::string>& paths) {
  return std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
    return std::any_of(globs.begin(), globs.end(),
                       [&](const std::string& glob) { return glob_match(glob, path); });
  });
}

std::string names(const std::vector<std::string>& list) {
  return join(list, ", ");
}

bool tagged_skip(const PlanInput& input) {
  return std::any_of(input.ci_tags.begin(), input.ci_tags.end(), [](const std::string& tag) {
    for (const std::string_view word : split(tag, ',')) {
      if (iequals(trim(word), "skip")) {
        return true;
      }
    }
    return false;
  });
}

// Why no patch of the series gets this job; empty when it runs.
std::string reason_to_skip(const JobSpec& job, const PlanInput& input) {
  if (!job.skip_reason.empty()) {
    return job.skip_reason;
  }
  if (tagged_skip(input)) {
    return "the author asked for no tests (CI-tag: skip)";
  }
  if (!job.match_trees.empty() && std::find(job.match_trees.begin(), job.match_trees.end(),
                                            input.tree) == job.match_trees.end()) {
    return input.tree.empty() ? "the series was placed on no tree"
                              : fmt::format("only for the trees {}; this series is on {}",
                                            names(job.match_trees), input.tree);
  }
  if (!job.match_tags.empty()) {
    const bool tagged =
        std::any_of(job.match_tags.begin(), job.match_tags.end(), [&](const std::string& wanted) {
          return std::any_of(input.tags.begin(), input.tags.end(),
                             [&](const std::string& tag) { return iequals(tag, wanted); });
        });
    if (!tagged) {
      return "no subject has a tag of: " + names(job.match_tags);
    }
  }
  if (!job.match_paths.empty() &&
      std::none_of(input.paths.begin(), input.paths.end(),
                   [&](const auto& paths) { return any_path_matches(job.match_paths, paths); })) {
    return "no patch touches: " + names(job.match_paths);
  }
  if (job.scope == Scope::patch && input.paths.empty()) {
    return "the series has no patches";
  }
  return {};
}

void add_runs(const JobSpec& job, const PlanInput& input, Plan& plan) {
  if (job.scope == Scope::series) {
    plan.jobs.push_back({&job, std::nullopt});
    return;
  }
  for (std::size_t i = 0; i < input.paths.size(); ++i) {
    if (job.match_paths.empty() || any_path_matches(job.match_paths, input.paths[i])) {
      plan.jobs.push_back({&job, static_cast<int>(i) + 1});
    }
  }
}

}  // namespace

Plan make_plan(const std::vector<JobSpec>& jobs, const PlanInput& input) {
  Plan plan;
  const JobOrder order = order_jobs(jobs);
  std::set<std::string_view> known, left_out;
  for (const JobSpec& job : jobs) {
    known.insert(job.name);
  }
  for (const std::size_t i : order.order) {
    const JobSpec& job = jobs[i];
    std::string reason = reason_to_skip(job, input);
    for (const std::string& need : job.needs) {
      if (!reason.empty()) {
        break;
      }
      if (!known.contains(need)) {
        reason = fmt::format("it needs {}, and there is no such job", need);
      } else if (left_out.contains(need)) {
        reason = fmt::format("it needs {}, which does not run", need);
      }
    }
    if (reason.empty()) {
      add_runs(job, input, plan);
    } else {
      left_out.insert(job.name);
      plan.skipped.push_back({&job, std::move(reason)});
    }
  }
  for (const auto& [i, reason] : order.impossible) {
    plan.skipped.push_back({&jobs[i], reason});
  }
  return plan;
}

std::vector<std::string> check_jobs(const std::vector<JobSpec>& jobs) {
  std::vector<std::string> problems;
  std::vector<std::string> all_names;
  std::set<std::string_view> known;
  for (const JobSpec& job : jobs) {
    if (job.name.empty()) {
      problems.emplace_back("a job has no name; give it one");
    } else if (!known.insert(job.name).second) {
      problems.push_back(fmt::format("two jobs are named {}; rename one", job.name));
    }
    all_names.push_back(job.name);
    if (job.command.empty() == job.nipa_dir.empty() && job.skip_reason.empty()) {
      problems.push_back(
          fmt::format("job {} must have either a command or a NIPA test directory", job.name));
    }
    for (const std::string& value : job.network) {
      if (value != "any") {
        problems.push_back(
            fmt::format("job {}: network is either empty or \"any\", not \"{}\"", job.name, value));
      }
    }
    if (!job.results.empty() && job.results != "ktap" && job.results != "compiler") {
      problems.push_back(fmt::format("job {}: results is \"ktap\" or \"compiler\", not \"{}\"",
                                     job.name, job.results));
    }
  }
  for (const JobSpec& job : jobs) {
    for (const std::string& need : job.needs) {
      if (!known.contains(need)) {
        const auto nearest = nearest_name(need, all_names);
        problems.push_back(fmt::format("job {} needs {}, and there is no such job{}", job.name,
                                       need, nearest ? "; did you mean " + *nearest + "?" : ""));
      }
    }
  }
  for (const auto& [i, reason] : order_jobs(jobs).impossible) {
    problems.push_back(fmt::format("job {} can never run: {}", jobs[i].name, reason));
  }
  return problems;
}

std::optional<std::string> blocked_by(const PlannedJob& job, const std::vector<JobResult>& done) {
  using findings::Verdict;
  for (const std::string& need : job.job->needs) {
    for (const JobResult& result : done) {
      if (result.name != need || (job.patch && result.patch && *job.patch != *result.patch) ||
          result.verdict == Verdict::pass || result.verdict == Verdict::warning) {
        continue;
      }
      return fmt::format("it needs {}, which ended as {}{}", need,
                         findings::to_string(result.verdict),
                         result.patch ? fmt::format(" for patch {}", *result.patch) : "");
    }
  }
  return std::nullopt;
}

}  // namespace patchmill::pipeline
