#include "app/doctor.hpp"

#include "app/doctor_sources.hpp"
#include "checks/check.hpp"
#include "checks/tool.hpp"
#include "git/lenders.hpp"
#include "git/mirror.hpp"
#include "runtimes/runtime.hpp"
#include "runtimes/tool_sandbox.hpp"
#include "store/database.hpp"
#include "store/migrations.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>
#include <unistd.h>

namespace patchmill::app {
namespace {

namespace fs = std::filesystem;

struct Tool {
  std::string_view program, package, needed_for;
  bool required;
};

constexpr Tool k_tools[] = {
    {"git", "git", "everything", true},
    {"bwrap", "bubblewrap", "running jobs", true},
    {"perl", "perl", "checkpatch and cc-maintainers", false},
    {"shellcheck", "shellcheck", "the shellcheck check", false},
    {"yamllint", "yamllint", "the yamllint check", false},
    {"ruff", "ruff", "the ruff check", false},
};

std::string first_line(std::string_view text) {
  return std::string(trim(text.substr(0, text.find('\n'))));
}

// "git version 2.39.5" -> {2, 39}.
std::pair<int, int> git_version(std::string_view text) {
  const auto words = split(trim(text), ' ');
  if (words.size() < 3) {
    return {0, 0};
  }
  const auto numbers = split(words[2], '.');
  const auto number = [&](std::size_t i) {
    return i < numbers.size() ? static_cast<int>(parse_uint(numbers[i]).value_or(0)) : 0;
  };
  return {number(0), number(1)};
}

// Checks start their tools in a sandbox, where a program that works for its owner may miss half of
// itself; each series would then be incomplete.
void look_in_sandbox(const Tool& tool, const std::string& path, ProcessRunner& processes,
                     Diagnosis& result) {
  const TempDir folder("patchmill-doctor");
  checks::Context context;
  context.processes = &processes;
  context.wrap = runtimes::tool_sandbox();
  checks::ToolRun run;
  run.argv = {std::string(tool.program), "--version"};
  run.cwd = folder.path();
  run.timeout = std::chrono::seconds(10);
  const auto answer = checks::run_tool(context, run);
  if (answer && answer->ok()) {
    return;
  }
  result.health = Health::limited;
  result.state = fmt::format("{} does not run in the sandbox of checks: {}", path,
                             answer ? first_line(answer->err) : answer.error().message);
  const bool is_python = tool.program == "yamllint" || tool.program == "ruff";
  result.mend =
      fmt::format("mend the sandbox first if it does not work; else install {} below /usr{}",
                  tool.program, is_python ? ", or with pipx" : "");
}

Diagnosis diagnose_tool(const Tool& tool, ProcessRunner& processes) {
  Diagnosis result;
  result.what = tool.program;
  const auto path = find_program(tool.program);
  if (!path) {
    result.health = tool.required ? Health::broken : Health::limited;
    result.state = fmt::format("not installed; needed for {}", tool.needed_for);
    result.mend = tool.program == "ruff" ? "install ruff, or live without the ruff check"
                                         : fmt::format("apt-get install {}", tool.package);
    return result;
  }
  Command command;
  command.argv = {*path, "--version"};
  command.timeout = std::chrono::seconds(10);
  const auto version = processes.run(command);
  if (!version || !version->ok()) {
    result.health = tool.required ? Health::broken : Health::limited;
    result.state = fmt::format("{} does not run", *path);
    result.mend = fmt::format("apt-get install --reinstall {}", tool.package);
    return result;
  }
  result.state = first_line(version->out);
  if (tool.program == "perl" && result.state.empty()) {
    result.state = *path;
  }
  if (tool.program == "git" && git_version(result.state) < std::pair<int, int>(2, 39)) {
    result.health = Health::broken;
    result.mend = "git 2.39 or newer is needed";
  }
  if (!tool.required) {
    look_in_sandbox(tool, *path, processes, result);
  }
  return result;
}

Diagnosis diagnose_sandbox() {
  const auto support = runtimes::probe_sandbox();
  Diagnosis result;
  result.what = "sandbox";
  result.state =
      fmt::format("bubblewrap {}, user namespaces {}, control groups {}, {}",
                  support.bubblewrap ? "works" : "does not work",
                  support.user_namespaces ? "allowed" : "not allowed", support.cgroups,
                  support.own_uid ? "a uid of its own for each job" : "jobs run as this user");
  if (!support.missing.empty()) {
    result.health = support.bubblewrap ? Health::limited : Health::broken;
    result.mend = join(support.missing, "; ");
  }
  return result;
}

Diagnosis diagnose_data(const Config& config) {
  Diagnosis result;
  result.what = "data folder";
  fs::path existing = config.data;
  std::error_code error;
  while (!existing.empty() && existing != existing.root_path() && !fs::exists(existing, error)) {
    existing = existing.parent_path();
  }
  const auto space = fs::space(existing, error);
  constexpr std::uintmax_t k_low = 5ull << 30;
  result.state =
      fmt::format("{} ({} GiB free)", config.data.string(), error ? 0 : space.available >> 30);
  if (::access(existing.c_str(), W_OK) != 0) {
    result.health = Health::broken;
    result.state = fmt::format("{} cannot be written", existing.string());
    result.mend = "choose another folder with --data or the key 'data'";
  } else if (!error && space.available < k_low) {
    result.health = Health::limited;
    result.mend = "less than 5 GiB are free; mirrors and builds will need more";
  }
  return result;
}

Diagnosis diagnose_store(const Config& config) {
  Diagnosis result;
  result.what = "store";
  std::error_code error;
  const bool postgresql = config.store_url.starts_with("postgres");
  if (!postgresql && !fs::exists(config.store_url, error)) {
    result.state = fmt::format("{} will be made when first used", config.store_url);
    return result;
  }
  try {
    auto database = store::Database::open(config.store_url);
    const int schema = store::schema_of(*database);
    result.state = fmt::format("{}, schema {} of {}", postgresql ? "PostgreSQL" : config.store_url,
                               schema, store::newest_schema());
    if (schema > store::newest_schema()) {
      result.health = Health::broken;
      result.mend = "the store was written by a newer patchmill; install that one";
    }
  } catch (const store::DatabaseError& problem) {
    result.health = Health::broken;
    result.state = problem.what();
    result.mend = postgresql ? "is the server running, and do store.url and store.password fit?"
                             : "restore the file from a backup";
  }
  return result;
}

Diagnosis diagnose_tree(const placement::TreeSpec& tree, const fs::path& trees_dir,
                        ProcessRunner& processes) {
  Diagnosis result;
  result.what = "tree " + tree.name;
  const fs::path mirror = git::mirror_path(trees_dir, tree.name);
  if (git::find_lost_lender(mirror)) {
    result.health = Health::broken;
    result.state = fmt::format("{} has lost objects", mirror.string());
    result.mend = git::about_lost_objects(mirror);
    return result;
  }
  Command command;
  command.argv = {"git",
                  "ls-remote",
                  "--quiet",
                  "--exit-code",
                  "--",
                  tree.url,
                  tree.branch.empty() ? "HEAD" : "refs/heads/" + tree.branch};
  command.env = git::git_environment();
  command.timeout = std::chrono::seconds(30);
  const auto answer = processes.run(command);
  if (answer && answer->ok()) {
    result.state = fmt::format("{} at {}", tree.branch.empty() ? "HEAD" : tree.branch,
                               answer->out.substr(0, 12));
    return result;
  }
  result.health = Health::broken;
  if (answer && answer->status == 2) {
    const bool is_named = !tree.branch.empty();
    result.state = is_named ? fmt::format("{} has no branch {}", tree.url, tree.branch)
                            : fmt::format("{} has no commit at its HEAD", tree.url);
    result.mend = is_named ? "correct 'branch' in the configuration"
                           : "make a commit there, or name the tree's 'branch'";
  } else {
    result.state = fmt::format("{} does not answer: {}", tree.url,
                               answer ? first_line(answer->err) : answer.error().message);
    result.mend = "correct 'url' in the configuration, or look at the network";
  }
  return result;
}

}  // namespace

std::vector<Diagnosis> diagnose(const Config& config, ProcessRunner& processes) {
  std::vector<Diagnosis> all;
  for (const Tool& tool : k_tools) {
    all.push_back(diagnose_tool(tool, processes));
  }
  all.push_back(diagnose_sandbox());
  all.push_back(diagnose_data(config));
  all.push_back(diagnose_store(config));
  for (const auto& tree : config.trees) {
    all.push_back(diagnose_tree(tree, config.data / "trees", processes));
  }
  for (const auto& source : config.sources) {
    for (auto& item : diagnose_source(source, processes)) {
      all.push_back(std::move(item));
    }
  }
  return all;
}

}  // namespace patchmill::app
