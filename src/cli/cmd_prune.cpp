#include "cli/command.hpp"
#include "cli/operator.hpp"
#include "cli/output.hpp"
#include "service/retention.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::cli {
namespace {

int print(const Common& common, const service::PruneResult& result, bool dry_run) {
  if (common.json) {
    boost::json::array builds, troubles;
    for (const auto& name : result.builds) {
      builds.emplace_back(mend_utf8(name));
    }
    for (const auto& trouble : result.troubles) {
      troubles.emplace_back(trouble);
    }
    print_json(boost::json::object{{"dry_run", dry_run},
                                   {"artifacts", result.artifacts},
                                   {"events", result.events},
                                   {"posted", result.posted},
                                   {"files", result.blobs.removed},
                                   {"file_bytes", result.blobs.bytes_removed},
                                   {"leftovers", result.blobs.leftovers},
                                   {"builds", std::move(builds)},
                                   {"build_bytes", result.build_bytes},
                                   {"troubles", std::move(troubles)}});
  } else {
    const std::string_view would = dry_run ? "would let go: " : "let go: ";
    fmt::print("{}{} of old nodes\n", would,
               count_of(result.artifacts, "log or artifact", "logs and artifacts"));
    fmt::print("{}{}\n", would, count_of(result.events, "old event"));
    fmt::print("{}{} of what was posted or given up\n", would,
               count_of(result.posted, "old record"));
    fmt::print("{}{} nothing refers to ({})\n", would,
               count_of(result.blobs.removed + result.blobs.leftovers, "file"),
               human_bytes(result.blobs.bytes_removed));
    fmt::print("{}{} nobody used ({})\n", would, count_of(result.builds.size(), "warm build"),
               human_bytes(result.build_bytes));
    if (result.artifacts > 0) {
      fmt::print("the files of those logs and artifacts go a day later at the earliest\n");
    }
  }
  for (const auto& trouble : result.troubles) {
    fmt::print(stderr, "patchmill: {}\n", escape_terminal(trouble));
  }
  return result.troubles.empty() ? k_pass : k_infrastructure;
}

}  // namespace

Command prune_command() {
  auto storage = std::make_shared<bool>(false);
  Command command;
  command.name = "prune";
  command.summary = "Let go of old logs, artifacts, events and builds now.";
  command.description =
      "The service does it by itself once a day, in small steps. How long things are kept is in "
      "section 'retention' of the configuration. Mails, series, nodes, findings and verdicts are "
      "never removed. Safe beside a running service; refused while a backup is made.";
  command.options = {
      {"-n,--dry-run", "", "Change nothing, only say what would go.", storage.get()}};
  command.examples = {{"patchmill prune --dry-run", "what would go?"},
                      {"patchmill prune", "the disk is nearly full"}};
  command.run = [storage](const Common& common) -> int {
    auto workspace = common.workspace();
    if (!workspace) {
      return report(workspace.error());
    }
    SystemProcessRunner processes;
    service::Retention retention((*workspace)->database(), (*workspace)->config(),
                                 (*workspace)->clock(), processes, *storage);
    {
      Progress progress("pruning", common.quiet);
      for (std::uint64_t steps = 0;; progress.update(++steps, 0)) {
        const auto more = retention.step();
        if (!more) {
          return report(more.error());
        }
        if (!*more) {
          break;
        }
      }
    }
    return print(common, retention.result(), *storage);
  };
  return command;
}

}  // namespace patchmill::cli
