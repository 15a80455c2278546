#pragma once
// git as a person would run it, for tests that need repositories: nobody's configuration, the same
// people and dates every time. Wants the module git linked.

#include "git/repository.hpp"
#include "util/file.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace patchmill::test {

inline Completed run_git(const std::filesystem::path& cwd, std::vector<std::string> args,
                         std::string input = {}) {
  Command command;
  command.argv = {"git"};
  command.argv.insert(command.argv.end(), args.begin(), args.end());
  command.cwd = cwd.string();
  command.env = git::git_environment();
  command.env["GIT_AUTHOR_NAME"] = "A U Thor";
  command.env["GIT_AUTHOR_EMAIL"] = "author@example.org";
  command.env["GIT_AUTHOR_DATE"] = "1700000000 +0100";
  command.env["GIT_COMMITTER_NAME"] = "C O Mitter";
  command.env["GIT_COMMITTER_EMAIL"] = "committer@example.org";
  command.env["GIT_COMMITTER_DATE"] = "1700000000 +0000";
  command.inherit_env = false;
  command.input = std::move(input);
  command.max_output = 1u << 30;
  auto done = SystemProcessRunner().run(command);
  REQUIRE_MESSAGE(done.has_value(), (done ? std::string() : done.error().message));
  return std::move(*done);
}

// The output of a git command that must succeed, to the letter.
inline std::string git_output(const std::filesystem::path& cwd, std::vector<std::string> args,
                              std::string input = {}) {
  const std::string what = join(args, " ");
  Completed done = run_git(cwd, std::move(args), std::move(input));
  INFO(what, "\n", done.err);
  REQUIRE(done.ok());
  return std::move(done.out);
}

// The same without space around it: an id, a name.
inline std::string git_ok(const std::filesystem::path& cwd, std::vector<std::string> args,
                          std::string input = {}) {
  return std::string(trim(git_output(cwd, std::move(args), std::move(input))));
}

// A checkout in `folder` whose branch main has one commit of these files; that commit's id.
inline std::string make_checkout(const std::filesystem::path& folder,
                                 const std::map<std::string, std::string>& files) {
  std::filesystem::create_directories(folder);
  git_ok(folder, {"init", "-q", "-b", "main"});
  for (const auto& [name, content] : files) {
    REQUIRE(write_file_atomic(folder / name, content));
  }
  git_ok(folder, {"add", "."});
  git_ok(folder, {"commit", "-q", "-m", "first"});
  return git_ok(folder, {"rev-parse", "HEAD"});
}

}  // namespace patchmill::test
