#include "cli/wrong_use.hpp"

#include "cli/command.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

using namespace patchmill;

namespace {

// What `patchmill WORDS…` prints on standard error; it has to be wrong use.
std::string complaint(std::vector<std::string> words) {
  words.insert(words.begin(), "patchmill");
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  TempDir folder;
  const auto file = folder.path() / "err";
  std::fflush(stderr);
  const int saved = ::dup(STDERR_FILENO);
  const int fd = ::open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  REQUIRE(saved >= 0);
  REQUIRE(fd >= 0);
  ::dup2(fd, STDERR_FILENO);
  auto commands = cli::all_commands();
  const int status = cli::parse_and_run(commands, static_cast<int>(argv.size()), argv.data());
  std::fflush(stderr);
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  ::close(fd);
  CHECK(status == cli::k_usage);
  return read_file(file).value_or("");
}

}  // namespace

TEST_CASE("cli::explain: an option that is none, with the nearest and where to read on") {
  CHECK(complaint({"--hlp"}) ==
        "patchmill: there is no option '--hlp'; did you mean '--help'?\n"
        "Try `patchmill --help`.\n");
  CHECK(complaint({"backup", "--hlp", "x"}) ==
        "patchmill: `patchmill backup` has no option '--hlp'; did you mean '--help'?\n"
        "Try `patchmill backup --help`.\n");
  // Also where an argument is missing, too, and where the option stands before the command.
  CHECK(complaint({"show", "--limt=3"}) ==
        "patchmill: `patchmill show` has no option '--limt'; did you mean '--limit'?\n"
        "Try `patchmill show --help`.\n");
  CHECK(complaint({"--jsno", "status"}).find("did you mean '--json'?") != std::string::npos);
  CHECK(complaint({"--disk", "status"}) ==
        "patchmill: '--disk' is an option of `patchmill status`; write it behind 'status'\n"
        "Try `patchmill status --help`.\n");
}

TEST_CASE("cli::explain: a command that is none, or no command") {
  const std::string wanted =
      "patchmill: there is no command 'improt'; did you mean 'import'?\nTry `patchmill --help`.\n";
  CHECK(complaint({"improt"}) == wanted);
  CHECK(complaint({"--config=x", "-vq", "improt"}) == wanted);
  CHECK(complaint({"improt", "--help"}) == wanted);
  CHECK(complaint({"help", "improt"}) == wanted);
  CHECK(complaint({}) == "patchmill: no command was given\nTry `patchmill --help`.\n");
  CHECK(complaint({"--", "take"}) == "patchmill: no command was given\nTry `patchmill --help`.\n");
}

TEST_CASE("cli::explain: too many words and too few") {
  CHECK(complaint({"check-config", "a", "b"})
            .starts_with("patchmill: `patchmill check-config` takes only one FILE: The file;"));
  CHECK(complaint({"version", "a"})
            .starts_with("patchmill: `patchmill version` takes no arguments, and 'a' is one\n"));
  CHECK(complaint({"version", "--", "-a"})
            .starts_with("patchmill: `patchmill version` takes no arguments, and '-a' is one\n"));
  CHECK(complaint({"backup"}) ==
        "patchmill: `patchmill backup` needs TARGET: The folder or file.\n"
        "Try `patchmill backup --help`.\n");
  CHECK(complaint({"status", "-c"}) ==
        "patchmill: --config needs FILE behind it: The configuration file.\n"
        "Try `patchmill status --help`.\n");
  CHECK(complaint({"status", "-c", "a", "-c", "b"})
            .starts_with("patchmill: --config was given more than once\n"));
}
