// The jobs of a configuration.

#include "app/config_reader.hpp"
#include "pipeline/nipa.hpp"
#include "util/text.hpp"

#include <algorithm>

namespace patchmill::app {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view k_variable_characters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

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
    refuse_dangling(item, "needs", job_names, "job");
    if (const YamlValue* match = item.find("match")) {
      refuse_dangling(*match, "trees", tree_names, "tree");
    }
    read_job(config, item);
  }
  refuse_cycles(config);
}

void ConfigReader::read_job(Config& config, const YamlValue& item) {
  pipeline::JobSpec job;
  const YamlValue* command = item.find("command");
  const YamlValue* nipa = item.find("nipa");
  if ((command == nullptr) == (nipa == nullptr)) {
    fault(item, "a job takes either 'command' or 'nipa'");
    return;
  }
  if (nipa != nullptr) {
    auto read = pipeline::read_nipa_test(path(*nipa));
    if (!read) {
      fault(*nipa, read.error().message);
      return;
    }
    job = std::move(*read);
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
    std::error_code error;
    if (!fs::is_regular_file(absolute, error)) {
      fault(command, fmt::format("there is no program {}", absolute.string()));
    }
    program = absolute.string();
    job.read_only.push_back(absolute.parent_path().string());
  }
}

void ConfigReader::read_limits(pipeline::JobSpec& job, const YamlValue& item) {
  if (const YamlValue* value = item.find("timeout")) {
    job.limits.timeout = std::chrono::seconds(parse_duration_seconds(value->scalar).value_or(1800));
  }
  const auto size = [&](std::string_view key, std::uint64_t& target) {
    if (const YamlValue* value = item.find(key)) {
      target = parse_size_bytes(value->scalar).value_or(target);
    }
  };
  size("memory", job.limits.memory_bytes);
  size("output", job.limits.output_bytes);
  size("disk", job.limits.disk_bytes);
  if (const YamlValue* value = item.find("processes")) {
    job.limits.processes = parse_uint(value->scalar).value_or(job.limits.processes);
  }
}

// Jobs that need each other in a circle would never start.
void ConfigReader::refuse_cycles(const Config& config) {
  std::map<std::string, std::vector<std::string>> needs;
  for (const auto& job : config.jobs) {
    needs[job.name] = job.needs;
  }
  bool removed = true;
  while (removed) {
    removed = false;
    for (auto it = needs.begin(); it != needs.end();) {
      const bool free = std::none_of(it->second.begin(), it->second.end(),
                                     [&](const std::string& n) { return needs.contains(n); });
      it = free ? (removed = true, needs.erase(it)) : std::next(it);
    }
  }
  if (!needs.empty()) {
    for (const YamlValue& item : items("jobs").items) {
      if (const YamlValue* list = item.find("needs"); list && needs.contains(word(item, "name"))) {
        fault(*list, fmt::format("the job '{}' needs itself, directly or through others",
                                 word(item, "name")));
        return;
      }
    }
  }
}

}  // namespace patchmill::app
