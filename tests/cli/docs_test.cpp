#include "cli/command.hpp"
#include "util/file.hpp"
#include "util/subprocess.hpp"

#include <doctest/doctest.h>

using namespace patchmill;

namespace {

Completed run_shell(const std::string& shell, std::vector<std::string> args,
                    const std::string& input) {
  Command command;
  command.argv = {shell};
  command.argv.insert(command.argv.end(), args.begin(), args.end());
  command.input = input;
  SystemProcessRunner processes;
  const auto done = processes.run(command);
  REQUIRE(done.has_value());
  return *done;
}

}  // namespace

TEST_CASE("cli::cli_reference_markdown: the committed page is what the program prints") {
  CHECK_MESSAGE(read_file(PATCHMILL_SOURCE_DIR "/docs/cli.md").value_or("") ==
                    cli::cli_reference_markdown(cli::all_commands()),
                "run: patchmill doc cli >docs/cli.md");
}

TEST_CASE("cli::all_commands: every command explains itself") {
  for (const auto& command : cli::all_commands()) {
    CAPTURE(command.name);
    CHECK_FALSE(command.summary.empty());
    CHECK(command.run);
    for (const auto& option : command.options) {
      CHECK_FALSE(option.help.empty());
    }
    if (command.name != "version") {
      CHECK_FALSE(command.examples.empty());
    }
  }
}

TEST_CASE("cli::bash_completion: bash takes it and completes commands and options") {
  const std::string script = cli::bash_completion(cli::all_commands());
  const auto done = run_shell(
      "bash", {"--norc", "-s"},
      script +
          "\nCOMP_WORDS=(patchmill im); COMP_CWORD=1; _patchmill; echo \"${COMPREPLY[@]}\"\n"
          "COMP_WORDS=(patchmill import --li); COMP_CWORD=2; _patchmill; echo "
          "\"${COMPREPLY[@]}\"\n");
  CHECK(done.ok());
  CHECK(done.out == "import\n--list-id\n");
  CHECK(done.err.empty());
}

TEST_CASE("cli::zsh_completion: zsh takes it") {
  if (!find_program("zsh")) {
    MESSAGE("skipped: zsh is not installed");
    return;
  }
  TempDir folder;
  REQUIRE(
      write_file_atomic(folder.path() / "_patchmill", cli::zsh_completion(cli::all_commands())));
  const auto done = run_shell("zsh", {"-n", (folder.path() / "_patchmill").string()}, "");
  CHECK(done.ok());
  CHECK(done.err.empty());
}

TEST_CASE("cli::man_page: groff takes it without a warning") {
  const std::string page = cli::man_page(cli::all_commands());
  CHECK(page.find("EXIT STATUS") != std::string::npos);
  if (!find_program("groff")) {
    MESSAGE("skipped: groff is not installed");
    return;
  }
  const auto done = run_shell("groff", {"-man", "-Tutf8", "-ww", "-Kutf8"}, page);
  CHECK(done.ok());
  CHECK(done.err.empty());
}
