#pragma once
// A subcommand as data: help, completion and the man page are all made from it.

#include "app/config.hpp"
#include "app/workspace.hpp"
#include "util/result.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace patchmill::cli {

// Exit statuses of the program; part of its interface.
enum ExitStatus : int {
  k_pass = 0,           // done; no verdict failed
  k_failed = 1,         // at least one verdict failed
  k_usage = 2,          // wrong use: options, configuration, unusable input
  k_infrastructure = 3  // could not tell: our own trouble, or something is still missing
};

// What completes the value of an option or argument.
enum class Complete { nothing, file, folder, command, check };

struct Option {
  std::string flags;    // "-l,--list-id"
  std::string metavar;  // empty: a switch
  std::string help;
  // An optional one tells what is not given from what is given empty; the others refuse what is.
  std::variant<bool*, std::string*, std::optional<std::string>*, std::vector<std::string>*> target;
  Complete complete = Complete::nothing;
  std::vector<std::string> choices = {};  // words its value may be, where they are few
};

struct Argument {
  std::string metavar;  // "PATH"
  std::string help;
  // Never an empty word.
  std::vector<std::string>* target;
  bool required = false;
  bool many = false;
  Complete complete = Complete::nothing;
  std::vector<std::string> choices = {};  // words it may be, where they are few
};

struct Example {
  std::string command, what;
};

// What every subcommand gets.
struct Common {
  std::string config_file, data;
  bool json = false, quiet = false, verbose = false;
  bool only_looks = false;   // set for commands that mean a data folder which is there
  bool needs_store = false;  // set for commands that find nothing to do in a new store

  // The file named or found; empty: none. Says so when ./patchmill.yaml was passed over.
  [[nodiscard]] std::filesystem::path config_path() const;
  // The configuration named, found or standard, with --data applied.
  [[nodiscard]] Result<app::Config> config() const;
  // No store is made for a command that `needs_store`, unless the configuration names its place.
  [[nodiscard]] Result<std::unique_ptr<app::Workspace>> workspace() const;
};

struct Command {
  std::string name;
  std::string summary;      // one line, which stands alone in lists of commands
  std::string description;  // paragraphs that go on where the summary ends; empty: nothing to add
  std::vector<Option> options;
  std::vector<Argument> arguments;
  std::vector<Example> examples;
  std::function<int(const Common&)> run;
  bool hidden = false;
};

// All subcommands, made anew (their options point into storage they own).
std::vector<Command> all_commands();
// The options every subcommand takes; they write into `common`.
std::vector<Option> common_options(Common& common);

// The summary, and behind an empty line the description.
std::string about(const Command& command);

// Parses and runs. `commands` may be changed by it (option storage).
int parse_and_run(std::vector<Command>& commands, int argc, char** argv);

// Prints "patchmill: MESSAGE" on standard error and returns the status for this kind of error.
int report(const Error& error);

// Made from the table of commands.
std::string bash_completion(const std::vector<Command>& commands);
std::string zsh_completion(const std::vector<Command>& commands);
std::string man_page(const std::vector<Command>& commands);                // roff, section 1
std::string cli_reference_markdown(const std::vector<Command>& commands);  // docs/cli.md

// One file each: cmd_NAME.cpp.
Command import_command();
Command receive_command();
Command run_command();
Command serve_command();
Command try_command();
Command plan_command();
Command explain_command();
Command show_command();
Command log_command();
Command mail_command();
Command status_command();
Command retry_command();
Command cancel_command();
Command pause_command();
Command resume_command();
Command token_command();
Command user_command();
Command backup_command();
Command restore_command();
Command prune_command();
Command check_config_command();
Command doctor_command();
Command help_command();
Command version_command();
Command doc_command();

}  // namespace patchmill::cli
