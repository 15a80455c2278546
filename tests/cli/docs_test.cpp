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
  // `patchmill WORDS`, split as bash does it; the last one is completed.
  const auto offered = [](const std::string& words) {
    const auto done = run_shell(
        "bash", {"--norc", "-s"},
        cli::bash_completion(cli::all_commands()) +
            "\nCOMP_WORDBREAKS=$' \\t\\n\"\\'><=;|&(:'\nCOMP_WORDS=(patchmill " + words +
            "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _patchmill; echo \"${COMPREPLY[*]}\"\n");
    CHECK(done.ok());
    CHECK(done.err.empty());
    return done.out;
  };
  CHECK(offered("im") == "import\n");
  CHECK(offered("import --li") == "--list-id\n");
  CHECK(offered("--js") == "--json\n");
  CHECK(offered("--data /tmp sh") == "show\n");
  CHECK(offered("-v -c x.yaml run --a") == "--again\n");
  CHECK(offered("--data = /tmp --json sh") == "show\n");
  CHECK(offered("--data run sh") == "show\n");
  CHECK(offered("help back") == "backup\n");
  CHECK(offered("status --events ''") == "\n");
  CHECK(offered("--data /usr/sha") == "/usr/share\n");
  CHECK(offered("--data = /usr/sha") == "/usr/share\n");
  CHECK(offered("token create --scope adm") == "admin\n");
  CHECK(offered("token create --scope write : can") == "cancel\n");
  CHECK(offered("token create --scope read :") == "metrics\n");
  CHECK(offered("token create --scope = write : can") == "cancel\n");
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

TEST_CASE("cli::zsh_completion: the command is found behind options") {
  if (!find_program("zsh")) {
    MESSAGE("skipped: zsh is not installed");
    return;
  }
  // Where the command is known, the words that _arguments sees begin with it.
  const auto seen = [](const std::string& words) {
    const auto done = run_shell(
        "zsh", {"-f", "-s"},
        "_arguments() { print -r -- $words[1] $CURRENT ${(M)@:#*(again|_patchmill_commands)*} }\n"
        "words=(patchmill " +
            words + "); CURRENT=$#words\n" + cli::zsh_completion(cli::all_commands()));
    CHECK(done.ok());
    CHECK(done.err.empty());
    return done.out;
  };
  CHECK(seen("--data /tmp sh") == "patchmill 4 :command:_patchmill_commands\n");
  CHECK(seen("--js") == "patchmill 2 :command:_patchmill_commands\n");
  CHECK(seen("-c x.yaml run --a").starts_with("run 2 --again["));
  CHECK(seen("run --a") == seen("--data run -v run --a"));
}

TEST_CASE("cli::man_page: groff takes it without a warning") {
  const std::string page = cli::man_page(cli::all_commands());
  CHECK(page.find("EXIT STATUS") != std::string::npos);
  CHECK(page.find("\n.PP\nInto a folder: ") != std::string::npos);  // behind the summary
  if (!find_program("groff")) {
    MESSAGE("skipped: groff is not installed");
    return;
  }
  const auto done = run_shell("groff", {"-man", "-Tutf8", "-ww", "-Kutf8"}, page);
  CHECK(done.ok());
  CHECK(done.err.empty());
  for (const char* macro : {".I", ".B", ".PP", ".TP"}) {
    CHECK(done.out.find(macro + std::string(" ")) == std::string::npos);
  }
}
