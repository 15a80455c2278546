#include "cli/command.hpp"
#include "cli/operator.hpp"
#include "cli/output.hpp"
#include "pipeline/pauses.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace patchmill::cli {
namespace {

struct PauseStorage {
  std::vector<std::string> projects, trees;
  std::string reason;
  bool all = false;
};

std::vector<pipeline::PauseScope> scopes_of(const PauseStorage& storage) {
  std::vector<pipeline::PauseScope> scopes;
  for (const auto& name : storage.projects) {
    scopes.push_back(pipeline::PauseScope::project(name));
  }
  for (const auto& name : storage.trees) {
    scopes.push_back(pipeline::PauseScope::tree(name));
  }
  if (scopes.empty()) {
    scopes.push_back(pipeline::PauseScope::everything());
  }
  return scopes;
}

// Only slips: work of trees and projects that left the configuration may still wait.
void warn_of_unknown(const app::Config& config, const PauseStorage& storage) {
  std::vector<std::string> known;
  for (const auto& tree : config.trees) {
    known.push_back(tree.name);
  }
  for (const auto& name : storage.trees) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      const auto near = nearest_name(name, known);
      fmt::print(stderr, "patchmill: there is no tree '{}'{}\n", escape_terminal(name),
                 near ? "; did you mean '" + *near + "'?" : "");
    }
  }
}

int print(const Common& common, const std::vector<pipeline::Pause>& pauses) {
  if (common.json) {
    boost::json::array out;
    for (const auto& pause : pauses) {
      out.push_back({{"scope", to_string(pause.scope)},
                     {"who", pause.who},
                     {"reason", pause.reason},
                     {"since", to_iso(pause.time)}});
    }
    print_json(out);
    return k_pass;
  }
  for (const auto& pause : pauses) {
    fmt::print("paused: {} by {} since {}{}\n", escape_terminal(to_string(pause.scope)),
               escape_terminal(pause.who), to_iso(pause.time),
               pause.reason.empty() ? "" : ": " + escape_terminal(pause.reason));
  }
  if (pauses.empty()) {
    fmt::print("nothing is paused\n");
  }
  return k_pass;
}

int pause(const Common& common, const PauseStorage& storage) {
  auto workspace = common.workspace();
  if (!workspace) {
    return report(workspace.error());
  }
  warn_of_unknown((*workspace)->config(), storage);
  pipeline::Pauses pauses((*workspace)->database(), (*workspace)->clock());
  for (const auto& scope : scopes_of(storage)) {
    if (const auto paused = pauses.pause(scope, acting_person(), storage.reason); !paused) {
      return report(paused.error());
    }
  }
  return print(common, pauses.list());
}

int resume(const Common& common, const PauseStorage& storage) {
  auto workspace = common.workspace();
  if (!workspace) {
    return report(workspace.error());
  }
  pipeline::Pauses pauses((*workspace)->database(), (*workspace)->clock());
  const bool every = storage.all || (storage.projects.empty() && storage.trees.empty());
  if (every && !storage.all && pauses.list().size() > 1) {
    print(common, pauses.list());
    return report({ErrorKind::invalid,
                   "several pauses stand; name one with --project or --tree, or all with --all"});
  }
  bool found = true;
  if (every) {
    for (const auto& standing : pauses.list()) {
      pauses.resume(standing.scope, acting_person());
    }
  } else {
    for (const auto& scope : scopes_of(storage)) {
      if (!pauses.resume(scope, acting_person())) {
        found = false;
        fmt::print(stderr, "patchmill: {} is not paused\n", escape_terminal(to_string(scope)));
      }
    }
  }
  const int status = print(common, pauses.list());
  return found ? status : k_usage;
}

std::shared_ptr<PauseStorage> describe(Command& command) {
  auto storage = std::make_shared<PauseStorage>();
  command.options = {
      {"-p,--project", "NAME", "Only this project; may be given more than once.",
       &storage->projects},
      {"-t,--tree", "NAME", "Only what is tested on this tree; may be given more than once.",
       &storage->trees}};
  return storage;
}

}  // namespace

Command pause_command() {
  Command command;
  command.name = "pause";
  command.summary = "Start nothing new, until resumed.";
  auto storage = describe(command);
  command.options.push_back(
      {"--reason", "TEXT", "Why, for whoever wonders later.", &storage->reason});
  command.description =
      "What runs goes on to its end; what waits goes on waiting, and says so. Mails keep coming in "
      "and series are assembled. Without --project or --tree: everything. It stands until "
      "`patchmill resume`, also over restarts.";
  command.examples = {{"patchmill pause --reason 'moving the disk'", "everything"},
                      {"patchmill pause --tree net-next --reason 'broken by a merge'", "one tree"}};
  command.run = [storage](const Common& common) -> int { return pause(common, *storage); };
  return command;
}

Command resume_command() {
  Command command;
  command.name = "resume";
  command.summary = "End a pause.";
  auto storage = describe(command);
  command.options.push_back({"-a,--all", "", "Every pause there is.", &storage->all});
  command.description =
      "Without options: the one pause that stands. Prints those that still do. Exit status 2 when "
      "what was named is not paused.";
  command.examples = {{"patchmill resume", "go on"},
                      {"patchmill resume --tree net-next", "that tree is well again"}};
  command.run = [storage](const Common& common) -> int { return resume(common, *storage); };
  return command;
}

}  // namespace patchmill::cli
