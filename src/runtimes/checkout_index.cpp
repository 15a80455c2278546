#include "runtimes/checkout_index.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <iterator>

namespace patchmill::runtimes {

Result<Completed> run_checkout_git(const CheckoutPlace& place, std::vector<std::string> args,
                                   std::string input) {
  Command command;
  command.argv = {"/bin/sh",
                  "-c",
                  "umask 022; exec \"$@\"",
                  "git",
                  "git",
                  "--git-dir=" + place.git_dir().string(),
                  "--work-tree=" + place.source().string()};
  command.argv.insert(command.argv.end(), std::make_move_iterator(args.begin()),
                      std::make_move_iterator(args.end()));
  command.cwd = place.source().string();
  command.env = git::git_environment();
  command.env["GIT_INDEX_FILE"] = place.index().string();
  command.inherit_env = false;
  command.input = std::move(input);
  command.timeout = std::chrono::minutes(30);
  SystemProcessRunner runner;
  PM_TRY_ASSIGN(auto completed, runner.run(command));
  if (!completed.ok()) {
    const std::string words =
        ellipsize(escape_terminal(mend_utf8(joined_lines(completed.err))), 400);
    const bool path = words.find("nvalid path") != std::string::npos;
    return fail(path ? ErrorKind::invalid : ErrorKind::infrastructure,
                fmt::format("git {} for {} failed: {}", command.argv[7], place.home.string(),
                            words.empty() ? "no message" : words));
  }
  return completed;
}

Result<void> make_index(const CheckoutPlace& place, const git::ObjectId& commit, bool times_count) {
  std::error_code error;
  std::filesystem::remove(place.index().string() + ".lock", error);
  if (times_count && std::filesystem::exists(place.index(), error) &&
      run_checkout_git(place, {"read-tree", "-m", commit})) {
    PM_TRY(run_checkout_git(place, {"update-index", "-q", "--refresh"}));
    return {};
  }
  std::filesystem::remove(place.index(), error);
  PM_TRY(run_checkout_git(place, {"read-tree", commit}));
  PM_TRY(run_checkout_git(place, {"update-index", "-q", "--refresh"}));
  return {};
}

Result<void> update_index(const CheckoutPlace& place, const PathChanges& changes) {
  std::string gone;
  std::string present;
  std::string files;
  for (const auto& [path, entry] : changes) {
    if (entry.mode == 0) {
      gone += fmt::format("0 {}\t{}", entry.id, path) + '\0';
      continue;
    }
    present += fmt::format("{:o} {}\t{}", entry.mode, entry.id, path) + '\0';
    if (entry.mode != 0160000) {
      files += path + '\0';
    }
  }
  // What goes makes room first: a file may become a folder and the other way round.
  PM_TRY(run_checkout_git(place, {"update-index", "-z", "--index-info"}, gone + present));
  if (!files.empty()) {
    PM_TRY(run_checkout_git(place, {"update-index", "-z", "--stdin"}, std::move(files)));
  }
  return {};
}

}  // namespace patchmill::runtimes
