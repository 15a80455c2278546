#include "cli/command.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>

using namespace patchmill;
using Words = std::vector<std::string>;

namespace {

struct Parsed {
  int status = -1;
  Words paths;
  std::string list_id;
  std::optional<std::string> name;
  std::string config;
  bool ran = false;
};

// Parses `patchmill WORDS…`, where `take` has optional arguments and `other` needs one.
Parsed parse(Words words) {
  auto parsed = std::make_shared<Parsed>();
  std::vector<cli::Command> commands(2);
  commands[0].name = "take";
  commands[1].name = "other";
  for (auto& command : commands) {
    command.summary = "For the test.";
    const bool required = command.name == "other";
    command.arguments = {{"PATH", "What.", &parsed->paths, required, true}};
    command.options = {{"-l,--list-id", "ID", "A list.", &parsed->list_id},
                       {"--name", "TEXT", "A name.", &parsed->name}};
    command.run = [parsed](const cli::Common& common) {
      parsed->config = common.config_file;
      parsed->ran = true;
      return 0;
    };
  }
  words.insert(words.begin(), "patchmill");
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  parsed->status = cli::parse_and_run(commands, static_cast<int>(words.size()), argv.data());
  return *parsed;
}

// What `patchmill WORDS…` prints by CLI11.
std::string help_of(Words words) {
  words.insert(words.begin(), "patchmill");
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  std::ostringstream out;
  std::streambuf* const before = std::cout.rdbuf(out.rdbuf());
  auto commands = cli::all_commands();
  const int status = cli::parse_and_run(commands, static_cast<int>(argv.size()), argv.data());
  std::cout.rdbuf(before);
  CHECK(status == cli::k_pass);
  return out.str();
}

}  // namespace

TEST_CASE("cli::parse_and_run: --help lists commands by their summaries") {
  const std::string help = help_of({"--help"});
  for (const auto& command : cli::all_commands()) {
    CAPTURE(command.name);
    CHECK(command.summary.find('\n') == std::string::npos);
    const auto line = help.find("\n  " + command.name + " ");
    REQUIRE(line != std::string::npos);
    const std::string rest = help.substr(line + 3 + command.name.size());
    CHECK(rest.substr(rest.find_first_not_of(' ')).starts_with(command.summary + "\n"));
    if (!command.description.empty()) {
      CHECK(help.find(command.description.substr(0, 40)) == std::string::npos);
    }
  }
  CHECK(help_of({"help"}) == help);
}

TEST_CASE("cli::parse_and_run: the help of a command is its summary, then its description") {
  for (const auto& command : cli::all_commands()) {
    CAPTURE(command.name);
    const std::string help = help_of({command.name, "--help"});
    CHECK(help.starts_with((command.description.empty()
                                ? command.summary
                                : command.summary + "\n\n" + command.description) +
                           "\n\nUsage: patchmill " + command.name + " "));
    CHECK(help_of({"help", command.name}) == help);
  }
}

TEST_CASE("cli::parse_and_run: what follows -- is an argument, whatever it looks like") {
  CHECK(parse({"take", "--", "-dash.mbox"}).paths == Words{"-dash.mbox"});
  CHECK(parse({"other", "--", "-dash.mbox"}).paths == Words{"-dash.mbox"});
  CHECK(parse({"take", "--", "plain"}).paths == Words{"plain"});
  CHECK(parse({"take", "--", "--list-id", "x", "other", "--"}).paths ==
        Words{"--list-id", "x", "other", "--"});
  const auto mixed = parse({"take", "first", "-l", "id", "--", "-l", "last"});
  CHECK(mixed.status == 0);
  CHECK(mixed.list_id == "id");
  CHECK(mixed.paths == Words{"first", "-l", "last"});
  CHECK(parse({"take", "--"}).ran);
  CHECK(parse({"take", "--"}).paths.empty());
}

TEST_CASE("cli::parse_and_run: what is wrong use stays so") {
  CHECK(parse({"take", "-x.mbox"}).status == cli::k_usage);
  CHECK(parse({"other", "--"}).status == cli::k_usage);
  CHECK(parse({"--", "take"}).status == cli::k_usage);
  CHECK_FALSE(parse({"--", "take"}).ran);
  CHECK(parse({}).status == cli::k_usage);
}

TEST_CASE("cli::parse_and_run: what is given empty is given") {
  CHECK_FALSE(parse({"take"}).name.has_value());
  CHECK(parse({"take", "--name", "x"}).name == "x");
  const auto empty = parse({"take", "--name", "", "path"});
  CHECK(empty.name == "");
  CHECK(empty.paths == Words{"path"});
}

TEST_CASE("cli::parse_and_run: an empty word is wrong use where it means nothing") {
  for (const Words& words :
       {Words{"take", ""}, Words{"take", "path", ""}, Words{"take", "--", ""}, Words{"other", ""},
        Words{"take", "-l", ""}, Words{"take", "-d", ""}, Words{"-d", "", "take"},
        Words{"take", "--data", ""}, Words{"take", "--data="}, Words{"take", "-c", ""},
        Words{"-c", "", "take"}, Words{"take", "--config="}}) {
    CAPTURE(words.size());
    const auto parsed = parse(words);
    CHECK(parsed.status == cli::k_usage);
    CHECK_FALSE(parsed.ran);
  }
  CHECK(parse({"take", "-l", "x", "-d", "y", "-c", "z", "path"}).ran);
}

TEST_CASE("cli::Common::workspace: a slip in --data makes no store for what needs one") {
  TempDir folder;
  const auto config = folder.path() / "c.yaml";
  cli::Common common;
  common.config_file = config.string();
  common.needs_store = true;
  common.data = (folder.path() / "typo").string();
  REQUIRE(write_file_atomic(config, "data: here\n"));
  const auto missing = common.workspace();
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().kind == ErrorKind::not_found);
  CHECK(missing.error().message.find("there is no data folder " + common.data) == 0);
  CHECK(missing.error().message.find("patchmill import --data") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(common.data));
  std::filesystem::create_directory(common.data);
  const auto empty = common.workspace();
  REQUIRE_FALSE(empty.has_value());
  CHECK(empty.error().message.find("there is no store in the folder") == 0);
  CHECK(std::filesystem::is_empty(common.data));
  // What is not to find something makes it.
  common.needs_store = false;
  CHECK(common.workspace().has_value());
  common.needs_store = true;
  CHECK(common.workspace().has_value());
}

TEST_CASE("cli::Common::workspace: a folder that the configuration names may be a new one") {
  TempDir folder;
  const auto config = folder.path() / "c.yaml";
  REQUIRE(write_file_atomic(config, "data: here\n"));
  cli::Common common;
  common.config_file = config.string();
  common.needs_store = true;
  CHECK(common.workspace().has_value());
  CHECK(std::filesystem::exists(folder.path() / "here/store.sqlite"));
}

TEST_CASE("cli::parse_and_run: options of every command stand before it, too") {
  CHECK(parse({"--json", "-c", "take", "--data", "d", "take", "path"}).paths == Words{"path"});
  const auto before = parse({"-c", "before", "take"});
  CHECK(before.status == 0);
  CHECK(before.config == "before");
  CHECK(parse({"-c", "before", "take", "-c", "behind"}).config == "behind");
  CHECK(parse({"take", "--config=behind"}).config == "behind");
  CHECK(parse({"-c", "file", "tkae"}).status == cli::k_usage);
  CHECK(parse({"-c", "file"}).status == cli::k_usage);
  CHECK(parse({"--name", "x", "take"}).status == cli::k_usage);
}
