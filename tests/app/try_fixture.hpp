#pragma once
// A git checkout as an author has it, and the environment patchmill finds around it.

#include "support/environment.hpp"
#include "util/file.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::app::test {

using patchmill::test::Environment;

inline constexpr const char* k_ada = "Ada Author <ada@example.org>";

// main has one commit; `commit` adds to the branch `work`. The user is Ada.
class Checkout {
 public:
  Checkout() {
    git({"init", "-q", "-b", "main"});
    write("a.txt", "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n");
    git({"add", "."});
    git({"commit", "-q", "-m", "first"});
    git({"checkout", "-q", "-b", "work"});
  }

  std::string git(std::vector<std::string> args) {
    Command command;
    command.argv = {"git", "-C", top().string()};
    command.argv.insert(command.argv.end(), args.begin(), args.end());
    command.env = {{"GIT_AUTHOR_DATE", "2026-03-01T10:00:00Z"}};
    SystemProcessRunner processes;
    const auto done = processes.run(command);
    REQUIRE(done.has_value());
    REQUIRE_MESSAGE(done->ok(), done->err);
    return std::string(trim(done->out));
  }
  void write(const std::string& name, const std::string& content) const {
    REQUIRE(write_file_atomic(top() / name, content));
  }
  // Replaces a word of a.txt and commits that, signed off by the author.
  void commit(const std::string& from, const std::string& to, const std::string& author = k_ada,
              const std::vector<std::string>& more = {}) {
    std::string text = read_file(top() / "a.txt").value_or("");
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
    write("a.txt", text);
    std::vector<std::string> args = {"commit", "-q",
                                     "-a",     "--author=" + author,
                                     "-m",     "a: say " + to,
                                     "-m",     "It reads better.",
                                     "-m",     "Signed-off-by: " + author};
    args.insert(args.end(), more.begin(), more.end());
    git(args);
  }
  [[nodiscard]] std::filesystem::path top() const { return m_folder.path(); }

 private:
  TempDir m_folder;
  TempDir m_home;
  Environment m_environment{Environment::Wanted{{"HOME", m_home.path().string()},
                                                {"GIT_CONFIG_NOSYSTEM", "1"},
                                                {"XDG_CONFIG_HOME", std::nullopt},
                                                {"XDG_CACHE_HOME", std::nullopt},
                                                {"PATCHMILL_CACHE", std::nullopt},
                                                {"PATCHMILL_CONFIG", std::nullopt},
                                                {"GIT_AUTHOR_NAME", std::nullopt},
                                                {"GIT_AUTHOR_EMAIL", std::nullopt},
                                                {"GIT_COMMITTER_NAME", "Ada Author"},
                                                {"GIT_COMMITTER_EMAIL", "ada@example.org"},
                                                {"GIT_CONFIG_COUNT", "2"},
                                                {"GIT_CONFIG_KEY_0", "user.name"},
                                                {"GIT_CONFIG_VALUE_0", "Ada Author"},
                                                {"GIT_CONFIG_KEY_1", "user.email"},
                                                {"GIT_CONFIG_VALUE_1", "ada@example.org"}}};
};

}  // namespace patchmill::app::test
