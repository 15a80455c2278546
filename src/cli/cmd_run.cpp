#include "app/mail_stage.hpp"
#include "app/run_ahead.hpp"
#include "app/run_end.hpp"
#include "app/run_lock.hpp"
#include "cli/command.hpp"
#include "cli/find_series.hpp"
#include "cli/run_view.hpp"
#include "runtimes/runtime.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

namespace patchmill::cli {
namespace {

struct RunStorage {
  std::vector<std::string> series;
  bool again = false;
  bool no_fetch = false;
  bool verbose_log = false;
};

// The series named, or every one there is.
Result<std::vector<std::int64_t>> wanted(app::Workspace& workspace, const RunStorage& storage) {
  if (storage.series.empty()) {
    return workspace.queries().series_numbers();
  }
  std::vector<std::int64_t> numbers;
  for (const std::string& word : storage.series) {
    PM_TRY_ASSIGN(const auto series, find_series(workspace.queries(), word));
    numbers.push_back(series.number);
  }
  return numbers;
}

// How many could not be fetched.
std::size_t refresh_trees(app::Workspace& workspace, bool quiet) {
  std::size_t stale = 0;
  Progress progress("fetching trees", quiet);
  std::size_t done = 0;
  const auto results = workspace.placer().refresh();
  for (const auto& [tree, result] : results) {
    if (!result) {
      ++stale;
      fmt::print(stderr, "patchmill: {}; going on with what is here\n",
                 escape_terminal(result.error().message));
    }
    progress.update(++done, results.size(), tree);
  }
  return stale;
}

// Whoever looks at the end only must not take an old tree for the one of today.
int status_with(int status, std::size_t stale) {
  if (stale > 0) {
    fmt::print(stderr,
               "patchmill: {} could not be fetched (see above): verdicts are about what "
               "was here\n",
               count_of(stale, "tree"));
  }
  return status == k_pass && stale > 0 ? k_infrastructure : status;
}

// Mail about what this run found; null where none is configured.
Result<std::unique_ptr<app::MailStage>> mail_stage(app::Workspace& workspace) {
  PM_TRY_ASSIGN(auto stage, app::MailStage::make(workspace));
  if (stage) {
    stage->decide();  // what a process that died has left
    app::note_verdicts(workspace);
  }
  return stage;
}

void tell_of_mails(app::MailStage& stage, bool quiet) {
  stage.decide();
  const auto queued = stage.mails().count(reports::MailState::queued);
  const auto held = stage.mails().count(reports::MailState::held);
  if (queued > 0 && !quiet) {
    fmt::print(stderr, "{} queued; `patchmill mail send` sends {}\n",
               count_of(queued, "mail is", "mails are"), queued == 1 ? "it" : "them");
  }
  if (held > 0 && !quiet) {
    fmt::print(stderr, "{} for a person; see `patchmill mail list --state held`\n",
               count_of(held, "mail waits", "mails wait"));
  }
}

int run(const Common& common, const RunStorage& storage) {
  runtimes::claim_control_groups();
  auto workspace = common.workspace();
  if (!workspace) {
    return report(workspace.error());
  }
  auto lock = app::lock_runs((*workspace)->config(), false);
  if (!lock) {
    return report(lock.error());
  }
  const auto numbers = wanted(**workspace, storage);
  if (!numbers) {
    return report(numbers.error());
  }
  if (const int closed = app::abandon_orphans(**workspace); closed > 0) {
    log::info("{} left running by a process that died; closed as incomplete",
              count_of(closed, "node was", "nodes were"));
  }
  const std::size_t stale = storage.no_fetch ? 0 : refresh_trees(**workspace, common.quiet);
  SystemProcessRunner processes;
  const auto runtime = runtimes::make_local_runtime();
  RunView view(common, numbers->size());
  app::RunWatcher watcher = view.watcher();
  if (storage.verbose_log) {
    watcher.log = [](std::string_view text) {
      fmt::print(stderr, "{}", escape_terminal(text, true));
    };
  }
  const auto mail = mail_stage(**workspace);
  if (!mail) {
    return report(mail.error());
  }
  app::RunRequest request;
  request.again = storage.again;
  // What several jobs print at once is of no use to anybody.
  const unsigned workers = storage.verbose_log ? 1 : app::workers_of((*workspace)->config());
  app::RunAhead runner(**workspace, *runtime, processes, workers, watcher,
                       [&](app::Workspace& of_jobs) {
                         if (*mail) {
                           app::note_verdicts(of_jobs);
                         }
                       });
  runner.run(*numbers, request,
             [&](const tracker::Series& series, const Result<app::SeriesReport>& outcome) {
               if (!outcome) {
                 view.add_failure(series, outcome.error());
               } else {
                 view.add(series, *outcome);
               }
               if (*mail) {
                 (*mail)->decide();
               }
             });
  if (*mail) {
    tell_of_mails(**mail, common.quiet);
  }
  return status_with(view.finish(), stale);
}

}  // namespace

Command run_command() {
  auto storage = std::make_shared<RunStorage>();
  Command command;
  command.name = "run";
  command.summary = "Test everything pending, once, and print the verdicts.";
  command.description =
      "Fetches the trees, then places, applies, checks, builds and tests every series whose mails "
      "or configuration changed since its last verdict. Verdicts that still stand are shown again "
      "without work; incomplete ones are tried again when "
      "their time comes (30 seconds, 2 and 8 minutes later; at once what waits for a mail or a "
      "commit). Jobs of as many series run at once as `workers` of the configuration says, or one "
      "for every two processors. Where a tree cannot be fetched, what is here of it is used, and "
      "the exit status is 3 instead of 0. Killed at any moment, the next run goes on. Where no "
      "configuration names the data folder and nothing was imported into it, none is made: exit "
      "status 2.";
  command.arguments = {
      {"SERIES", "Only these, by number or Message-ID.", &storage->series, false, true}};
  command.options = {
      {"-a,--again", "", "Test them although nothing changed.", &storage->again},
      {"--no-fetch", "", "Use the trees as they were fetched last.", &storage->no_fetch},
      {"-l,--log", "", "Print what jobs print, as it comes; one job at a time.",
       &storage->verbose_log}};
  command.examples = {{"patchmill run -c patchmill.yaml", "all that is pending"},
                      {"patchmill run --again --log 7", "series 7 once more, and watch"}};
  command.run = [storage](const Common& common) -> int { return run(common, *storage); };
  return command;
}

}  // namespace patchmill::cli
