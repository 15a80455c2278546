#include "app/run_end.hpp"
#include "app/run_lock.hpp"
#include "app/try_series.hpp"
#include "app/try_session.hpp"
#include "cli/command.hpp"
#include "cli/find_series.hpp"
#include "cli/output.hpp"
#include "cli/run_view.hpp"
#include "cli/series_json.hpp"
#include "cli/series_text.hpp"
#include "runtimes/runtime.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::cli {
namespace {

struct TryStorage {
  std::vector<std::string> what;
  std::string base, tree;
  bool again = false;
  bool log = false;
};

bool is_mail_file(const std::string& word) {
  std::error_code error;
  return word == "-" ||
         (std::filesystem::exists(word, error) && !std::filesystem::is_directory(word, error));
}

// A branch may be called like a folder; with a slash behind it the folder is meant.
bool is_mail_folder(git::Repository& checkout, const std::string& word) {
  std::error_code error;
  return std::filesystem::is_directory(word, error) &&
         (word.ends_with('/') || !checkout.resolve(word));
}

Result<app::TryInput> read_files(git::Repository& checkout, const std::vector<std::string>& words) {
  std::vector<std::filesystem::path> paths;
  for (const std::string& word : words) {
    if (!is_mail_file(word) && !is_mail_folder(checkout, word)) {
      return fail(ErrorKind::invalid,
                  fmt::format("'{}' is no file or folder with mails; of anything else one is tried "
                              "at a time (several commits are a range: A..B)",
                              escape_terminal(word)));
    }
    paths.emplace_back(word);
  }
  return app::try_files(paths);
}

// Files, commits, or a Message-ID in the data folder: what exists here comes first, as branches
// may be called like Message-IDs.
Result<app::TryInput> read_input(const Common& common, git::Repository& checkout,
                                 const std::vector<std::string>& words) {
  const std::string word = words.empty() ? std::string() : words.front();
  if (words.size() > 1 || is_mail_file(word) || is_mail_folder(checkout, word)) {
    return read_files(checkout, words);
  }
  const bool looks_like_id = word.find('@') != std::string::npos &&
                             word.find("@{") == std::string::npos &&
                             word.find("..") == std::string::npos;
  if (word.starts_with('<') || (looks_like_id && !checkout.resolve(word))) {
    Common looking = common;
    looking.needs_store = true;
    const auto workspace = looking.workspace();
    if (!workspace) {
      return fail_with(fmt::format("there is no series {} here", escape_terminal(word)),
                       workspace.error());
    }
    PM_TRY_ASSIGN(const auto series, find_series((*workspace)->queries(), word));
    return app::try_series(**workspace, checkout, series);
  }
  return app::try_commits(checkout, word);
}

int print_results(const Common& common, app::TrySession& session,
                  const std::vector<app::TryResult>& results) {
  std::vector<findings::Verdict> verdicts;
  boost::json::array out;
  for (const auto& result : results) {
    verdicts.push_back(result.report.verdict.verdict);
    auto& nodes = session.workspace().nodes();
    const auto list = latest_nodes(nodes.of_series(result.series.number));
    if (common.json) {
      out.push_back(series_with_nodes_json(result.series, result.report.verdict, list, nodes,
                                           session.workspace().queries()));
    } else {
      print_series(
          result.series, result.report.verdict, list,
          [&](std::int64_t node) { return nodes.findings_of(node); },
          [&](std::int64_t mail) { return session.workspace().queries().notes(mail); });
      if (result.report.kept) {
        fmt::print("\n{}\n", note_of_kept({result.report.verdict.time}));
      }
    }
  }
  if (common.json) {
    print_json(out);
  }
  return exit_status_of(verdicts);
}

int run(const Common& common, const TryStorage& storage) {
  runtimes::claim_control_groups();
  auto config = common.config();
  if (!config) {
    return report(config.error());
  }
  const auto top = app::find_checkout(std::filesystem::current_path());
  if (!top) {
    return report({ErrorKind::invalid, top.error().message});
  }
  auto checkout = git::Repository::open(*top);
  if (!checkout) {
    return report(checkout.error());
  }
  const auto input = read_input(common, **checkout, storage.what);
  if (!input) {
    return report(input.error());
  }
  if (!input->note.empty() && !common.quiet) {
    fmt::print(stderr, "patchmill: {}\n", escape_terminal(input->note));
  }
  app::TryOptions options{*top, storage.tree, storage.base, storage.again};
  auto session = app::TrySession::open(*std::move(config), std::move(options));
  if (!session) {
    return report(session.error());
  }
  auto lock = app::lock_runs((*session)->workspace().config(), true);
  if (!lock) {
    return report(lock.error());
  }
  const auto series = (*session)->take(*input);
  if (!series) {
    return report(series.error());
  }
  app::abandon_orphans((*session)->workspace());
  SystemProcessRunner processes;
  const auto runtime = runtimes::make_local_runtime();
  std::vector<app::TryResult> results;
  {
    RunView view(common, series->size());
    app::RunWatcher watcher = view.watcher();
    if (storage.log) {
      watcher.log = [](std::string_view text) {
        fmt::print(stderr, "{}", escape_terminal(text, true));
      };
    }
    for (const auto& one : *series) {
      auto result = (*session)->run(one, *input, *runtime, processes, watcher);
      if (!result) {
        return report(result.error());
      }
      results.push_back(*std::move(result));
    }
  }
  return print_results(common, **session, results);
}

}  // namespace

Command try_command() {
  auto storage = std::make_shared<TryStorage>();
  Command command;
  command.name = "try";
  command.summary = "Test commits or mails here, before posting.";
  command.description =
      "In a git checkout: runs the same checks, builds and tests on your commits as a list would "
      "get. WHAT is a range (A..B), a commit, files with mails (- for standard input), folders of "
      "them (what ends in .patch, .eml or .mbox, else all files, by name), or the Message-ID of a "
      "series in the data folder. Without it: what your branch has that its upstream has not, or "
      "the last commit where no upstream is set. Jobs come from the configuration; without one "
      "only the checks run. A patchmill.yaml that git tracks in the checkout is used only when -c "
      "names it. The checkout is only read.";
  command.arguments = {{"WHAT", "A range, a commit, files and folders of mails, or a Message-ID.",
                        &storage->what, false, true, Complete::file}};
  command.options = {
      {"-b,--base", "REV", "Apply mails onto this commit (commits have their own parents).",
       &storage->base},
      {"--tree", "NAME", "The configured tree this checkout stands for.", &storage->tree},
      {"-a,--again", "", "Test although these patches were tested before.", &storage->again},
      {"-l,--log", "", "Print what jobs print, as it comes.", &storage->log}};
  command.examples = {{"patchmill try", "what your branch adds"},
                      {"patchmill try HEAD~3..", "the last three commits"},
                      {"patchmill try outgoing/", "what git format-patch -o outgoing/ wrote"},
                      {"b4 am -o- MSGID | patchmill try -", "somebody else's series"}};
  command.run = [storage](const Common& common) -> int { return run(common, *storage); };
  return command;
}

}  // namespace patchmill::cli
