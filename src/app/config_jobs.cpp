// The jobs of a configuration.

#include "app/config_reader.hpp"
#include "app/placement_stage.hpp"
#include "checks/check.hpp"
#include "pipeline/nipa.hpp"
#include "reports/patchwork_checks.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <set>

namespace patchmill::app {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view k_variable_characters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

using Needs = std::map<std::string, std::vector<std::string>>;

// The jobs that need each of those in `needs`.
Needs needed_by(const Needs& needs) {
  Needs result;
  for (const auto& [name, list] : needs) {
    result[name];
    for (const std::string& need : list) {
      if (needs.contains(need)) {
        result[need].push_back(name);
      }
    }
  }
  return result;
}

// Removes jobs that need none of the others, until there are no such jobs.
void remove_ends(Needs& needs) {
  const Needs followers = needed_by(needs);
  std::map<std::string, std::size_t> waits_for;
  for (const auto& [name, list] : followers) {
    for (const std::string& follower : list) {
      ++waits_for[follower];
    }
  }
  std::vector<std::string> ends;
  for (const auto& [name, list] : needs) {
    if (!waits_for.contains(name)) {
      ends.push_back(name);
    }
  }
  while (!ends.empty()) {
    const std::string end = std::move(ends.back());
    ends.pop_back();
    needs.erase(end);
    for (const std::string& follower : followers.at(end)) {
      if (--waits_for[follower] == 0) {
        ends.push_back(follower);
      }
    }
  }
}

// The shortest way from a job through what it needs back to it: that job and those between. Empty
// when there is none.
std::vector<std::string> way_round(const Needs& needs, const std::string& start) {
  std::map<std::string, std::string> from;  // a job that was reached, and the one that needs it
  std::vector<std::string> reached = {start};
  for (std::size_t i = 0; i < reached.size(); ++i) {
    const std::string at = reached[i];
    for (const std::string& need : needs.at(at)) {
      if (!needs.contains(need) || !from.emplace(need, at).second) {
        continue;
      }
      if (need == start) {
        std::vector<std::string> way = {at};
        while (way.back() != start) {
          way.push_back(from.at(way.back()));
        }
        std::reverse(way.begin(), way.end());
        return way;
      }
      reached.push_back(need);
    }
  }
  return {};
}

// What would make two names one check of Patchwork, where the later word of the two would hide the
// other; empty: nothing.
std::string same_context(std::string_view job, std::string_view other, std::string_view what) {
  if (job == other || reports::context_slug(job) != reports::context_slug(other)) {
    return {};
  }
  return fmt::format(
      "at a Patchwork '{}' and {} '{}' would be one check, '{}'; give {} another name", job, what,
      other, reports::context_slug(job), what == "the job" ? "one of them" : "the job");
}

}  // namespace

void ConfigReader::read_jobs(Config& config) {
  std::vector<std::string> job_names;
  std::vector<std::string> tree_names;
  for (const YamlValue& item : items("jobs").items) {
    job_names.push_back(word(item, "name"));
  }
  for (const auto& tree : config.trees) {
    tree_names.push_back(tree.name);
  }
  for (const YamlValue& item : items("jobs").items) {
    refuse_twice(item, config.jobs, "job");
    refuse_own_name(*item.find("name"));
    for (const auto& other : config.jobs) {
      if (const auto why = same_context(word(item, "name"), other.name, "the job"); !why.empty()) {
        fault(*item.find("name"), why);
      }
    }
    refuse_dangling(item, "needs", job_names, "job", word(item, "name"));
    if (const YamlValue* match = item.find("match")) {
      refuse_dangling(*match, "trees", tree_names, "tree");
    }
    read_job(config, item);
  }
  refuse_cycles(config);
}

// The nodes of a series are told apart by their names: of two that are called alike one would show
// the result of the other. Also where the check is not enabled or nothing is posted to a Patchwork:
// a name must not change its meaning.
void ConfigReader::refuse_own_name(const YamlValue& name) {
  const bool stage = name.scalar == k_checkout_node || name.scalar == k_applies_node;
  const bool verdict = name.scalar == reports::k_series_context;
  if (stage || verdict || checks::find_check(name.scalar) != nullptr) {
    fault(name, fmt::format("'{}' is the name of {}; give the job another name", name.scalar,
                            stage     ? "a step every series goes through"
                            : verdict ? "what a series as a whole has at a Patchwork"
                                      : "a built-in check"));
  }
  for (const auto& check : checks::all_checks()) {
    if (const auto why = same_context(name.scalar, check->name(), "the built-in check");
        !why.empty()) {
      fault(name, why);
    }
  }
}

void ConfigReader::read_job(Config& config, const YamlValue& item) {
  pipeline::JobSpec job;
  const YamlValue* command = item.find("command");
  const YamlValue* nipa = item.find("nipa");
  if ((command == nullptr) == (nipa == nullptr)) {
    if (!item.doubtful) {
      fault(item, "a job takes either 'command' or 'nipa'");
    }
    return;
  }
  if (nipa != nullptr) {
    auto read = pipeline::read_nipa_test(path(*nipa));
    if (!read) {
      fault(*nipa, read.error().message);
      return;
    }
    job = std::move(*read);
    // Its words are joined to the folder already. One that is skipped has none.
    if (!job.command.empty()) {
      refuse_missing(*nipa, job.command[0], "program");
    }
  } else {
    job.command = words(item, "command");
    take_program(job, *command);
  }
  job.name = word(item, "name");
  read_kind(job, item);
  job.needs = words(item, "needs");
  if (const YamlValue* match = item.find("match")) {
    job.match_trees = words(*match, "trees");
    job.match_paths = words(*match, "paths");
    job.match_tags = words(*match, "tags");
  }
  const std::string results = word(item, "results", "none");
  job.results = results == "none" ? "" : results;
  job.warm = word(item, "warm");
  if (word(item, "network") == "true") {
    job.network = {"any"};
  }
  for (auto& [name, value] : table(item, "env")) {
    const bool proper = !name.empty() && (name[0] < '0' || name[0] > '9') &&
                        name.find_first_not_of(k_variable_characters) == std::string::npos;
    if (!proper) {
      fault(*item.find("env"), fmt::format("'{}' is no name of an environment variable: letters, "
                                           "digits and '_', not starting with a digit",
                                           escape_terminal(name)));
    }
    job.env[name] = value;
  }
  for (const std::string& folder : words(item, "read-only")) {
    const fs::path absolute = path(folder);
    std::error_code error;
    if (!fs::exists(absolute, error)) {
      fault(*item.find("read-only"), fmt::format("there is no {}", absolute.string()));
    }
    job.read_only.push_back(absolute.string());
  }
  job.artifacts = words(item, "artifacts");
  read_limits(job, item);
  const std::string baseline = word(item, "baseline", job.results.empty() ? "false" : "true");
  if (baseline == "true") {
    config.jobs_with_baseline.insert(job.name);
  }
  config.jobs.push_back(std::move(job));
}

void ConfigReader::read_kind(pipeline::JobSpec& job, const YamlValue& item) {
  const std::string kind = word(item, "kind");
  for (const auto candidate :
       {pipeline::NodeKind::kbuild, pipeline::NodeKind::job, pipeline::NodeKind::test,
        pipeline::NodeKind::process, pipeline::NodeKind::check}) {
    if (pipeline::to_string(candidate) == kind) {
      job.kind = candidate;
    }
  }
  const std::string scope = word(item, "scope");
  if (!scope.empty()) {
    job.scope = scope == "patch" ? pipeline::Scope::patch : pipeline::Scope::series;
  }
}

// A program of ours, given relative to the file, must exist; the sandbox may read its folder.
void ConfigReader::take_program(pipeline::JobSpec& job, const YamlValue& command) {
  if (job.command.empty() || job.command[0].empty()) {
    fault(command, "'command' is empty");
    return;
  }
  std::string& program = job.command[0];
  if (program.starts_with("./") || program.starts_with("../")) {
    const fs::path absolute = path(program);
    refuse_missing(command, absolute, "program");
    program = absolute.string();
    job.read_only.push_back(absolute.parent_path().string());
  } else if (!program.starts_with('/') && program.find_first_of(" \t\n") != std::string::npos) {
    fault(command, fmt::format("there is no program '{}'; write every word as an item of its own: "
                               "[make, -j4]",
                               escape_terminal(ellipsize(program, 60))));
  }
}

void ConfigReader::read_limits(pipeline::JobSpec& job, const YamlValue& item) {
  if (const YamlValue* value = item.find("timeout")) {
    constexpr std::uint64_t k_month = 30ull * 24 * 3600;
    const std::uint64_t seconds = parse_duration_seconds(value->scalar).value_or(0);
    if (seconds < 1 || seconds > k_month) {
      fault(*value, "'timeout' is between 1s and 30d");
    } else {
      job.limits.timeout = std::chrono::seconds(seconds);
    }
  }
  const auto size = [&](std::string_view key, std::uint64_t& target) {
    if (const YamlValue* value = item.find(key)) {
      target = parse_size_bytes(value->scalar).value_or(target);
      if (target == 0) {
        fault(*value,
              fmt::format("'{}' is not 0: every job has this limit; give it a high one", key));
      }
    }
  };
  size("memory", job.limits.memory_bytes);
  size("output", job.limits.output_bytes);
  size("disk", job.limits.disk_bytes);
  if (const YamlValue* value = item.find("processes")) {
    constexpr std::uint64_t k_most = 1u << 22;  // no kernel has more: its pid_max ends there
    job.limits.processes = parse_uint(value->scalar).value_or(0);
    if (job.limits.processes < 1 || job.limits.processes > k_most) {
      fault(*value, fmt::format("'processes' is between 1 and {}", k_most));
    }
  }
}

// Jobs that need each other in a circle would never start. Each circle is told of once, where the
// first of its jobs says what it needs.
void ConfigReader::refuse_cycles(const Config& config) {
  Needs needs;
  for (const auto& job : config.jobs) {
    needs[job.name] = job.needs;
  }
  remove_ends(needs);
  needs = needed_by(needs);
  remove_ends(needs);  // those behind a circle, which nobody needs
  needs = needed_by(needs);
  std::set<std::string> told;
  for (const YamlValue& item : items("jobs").items) {
    const std::string name = word(item, "name");
    const YamlValue* list = item.find("needs");
    if (list == nullptr || !needs.contains(name) || told.contains(name)) {
      continue;
    }
    const auto way = way_round(needs, name);
    if (way.size() == 1) {
      fault(*list, fmt::format("the job '{}' needs itself", name));
    } else if (!way.empty()) {
      fault(*list, fmt::format("the job '{}' needs itself through others: {} needs {}", name,
                               join(way, " needs "), name));
    }
    told.insert(way.begin(), way.end());
  }
}

}  // namespace patchmill::app
