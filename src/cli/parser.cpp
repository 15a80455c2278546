// The only file that knows CLI11.

#include "cli/command.hpp"
#include "cli/wrong_use.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

namespace patchmill::cli {
namespace {

std::string footer_of(const Command& command) {
  std::string text;
  if (!command.examples.empty()) {
    text = "Examples:\n";
    for (const Example& example : command.examples) {
      text += fmt::format("  {}\n      {}\n", example.command, example.what);
    }
  }
  return text;
}

void add_option(CLI::App& app, const Option& option) {
  std::visit(
      [&](auto* target) {
        using T = std::remove_pointer_t<decltype(target)>;
        if constexpr (std::is_same_v<T, bool>) {
          app.add_flag(option.flags, *target, option.help);
        } else if constexpr (std::is_same_v<T, std::optional<std::string>>) {
          // CLI11 makes nothing of an empty word when it knows that the target is optional.
          app.add_option_function<std::string>(
                 option.flags, [target](const std::string& word) { *target = word; }, option.help)
              ->type_name(option.metavar);
        } else {
          // `-d "$folder"` where the variable is not set must not mean the standard folder.
          app.add_option(option.flags, *target, option.help)
              ->type_name(option.metavar)
              ->check([metavar = option.metavar](const std::string& word) {
                return word.empty() ? fmt::format(
                                          "an empty {} was given; write one, or leave the "
                                          "option out",
                                          metavar)
                                    : std::string();
              });
        }
      },
      option.target);
}

void add_argument(CLI::App& app, const Argument& argument) {
  auto* added = app.add_option(argument.metavar, *argument.target, argument.help);
  added->type_name("");
  // CLI11's own word for any number; it shows a smaller one.
  added->expected(argument.required ? 1 : 0,
                  argument.many ? CLI::detail::expected_max_vector_size : 1);
  if (argument.required) {
    added->required();
  }
}

// Words behind "--" are arguments, whatever they look like. CLI11 hands them to the program itself
// where all arguments of the command are optional, so they get a mark that it takes for no option
// and no command.
constexpr char k_taken_literally = '\x01';

// In the order CLI11 wants: the last word first.
std::vector<std::string> words_of(int argc, char** argv) {
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (const auto mark = std::find(words.begin(), words.end(), "--"); mark != words.end()) {
    std::for_each(words.erase(mark), words.end(),
                  [](std::string& word) { word.insert(0, 1, k_taken_literally); });
  }
  std::reverse(words.begin(), words.end());
  return words;
}

void remove_marks(const Command& command) {
  for (const Argument& argument : command.arguments) {
    for (std::string& word : *argument.target) {
      word.erase(0, word.starts_with(k_taken_literally) ? 1 : 0);
    }
  }
}

// What is wrong with the arguments; empty: nothing.
std::string problem_of_arguments(const Command& command) {
  for (const Argument& argument : command.arguments) {
    if (std::ranges::count(*argument.target, std::string()) > 0) {
      return fmt::format("an empty {} was given; write one{}: {}", argument.metavar,
                         argument.required ? "" : ", or leave it out", argument.help);
    }
  }
  return {};
}

// A list of commands has one line for each, and the help of one has paragraphs.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() {
    label("SUBCOMMAND", "COMMAND");
    label("Positionals", "Arguments");
  }
  std::string make_description(const CLI::App* app) const override {
    return CLI::Formatter::make_description(app) + "\n";
  }
  std::string make_subcommand(const CLI::App* sub) const override {
    std::ostringstream out;
    const std::string text = sub->get_description();
    CLI::detail::format_help(out, sub->get_display_name(true), text.substr(0, text.find('\n')),
                             get_column_width());
    return out.str();
  }
};

// `error` is null where CLI11 found nothing wrong.
WrongUse wrong_use_of(const CLI::App& app, const CLI::ParseError* error,
                      const std::vector<Command>& commands) {
  WrongUse use;
  if (error != nullptr) {
    use.said = error->what();
    std::erase(use.said, k_taken_literally);
    if (dynamic_cast<const CLI::RequiredError*>(error) != nullptr) {
      use.kind = WrongUse::Kind::missing;
      use.about = use.said.substr(0, use.said.find(" is required"));
    } else if (dynamic_cast<const CLI::ArgumentMismatch*>(error) != nullptr) {
      use.kind = WrongUse::Kind::mismatch;
      use.about = use.said.substr(0, use.said.find(": "));
    }
  }
  if (const auto chosen = app.get_subcommands(); !chosen.empty()) {
    const auto command = std::ranges::find(commands, chosen.front()->get_name(), &Command::name);
    use.command = command == commands.end() ? nullptr : &*command;
  }
  for (std::string& word : app.remaining(true)) {
    if (word.starts_with(k_taken_literally)) {
      if (use.command != nullptr) {  // else it cannot be a misspelt one
        use.words.push_back(word.substr(1));
      }
    } else {
      (word.size() > 1 && word.starts_with('-') ? use.options : use.words)
          .push_back(std::move(word));
    }
  }
  return use;
}

int report_wrong_use(const std::string& what, const Command* command) {
  fmt::print(stderr, "patchmill: {}\nTry `patchmill{} --help`.\n", escape_terminal(what),
             command != nullptr ? " " + command->name : std::string());
  return k_usage;
}

// A slip in --data must not make them a new store to say nothing about.
constexpr std::array<std::string_view, 10> k_lookers = {
    "cancel", "explain", "log", "pause", "plan", "prune", "resume", "retry", "show", "status"};

// A place that --data names, or nobody, and where nothing was imported yet. What a configuration
// names is a store that is about to be filled.
bool is_slip(const Common& common, const app::Config& config) {
  std::error_code error;
  return config.store_url == (config.data / "store.sqlite").string() &&
         (!common.data.empty() || config.data == app::default_config().data) &&
         !std::filesystem::exists(config.store_url, error);
}

tl::unexpected<Error> no_store(const Common& common, const std::filesystem::path& folder) {
  std::error_code error;
  const std::string shown = escape_terminal(folder.string());
  return fail(
      ErrorKind::not_found,
      fmt::format("{}; {}, or bring mails there first: `patchmill import{} PATH`",
                  std::filesystem::exists(folder, error)
                      ? fmt::format("there is no store in the folder {}", shown)
                      : fmt::format("there is no data folder {}", shown),
                  common.data.empty() ? "name the right one with --data or in the configuration"
                                      : "name the right one with --data",
                  common.data.empty() ? "" : fmt::format(" --data {}", shown)));
}

}  // namespace

std::filesystem::path Common::config_path() const {
  if (!config_file.empty()) {
    return config_file;
  }
  const app::FoundConfig found = app::find_config();
  static bool told = false;  // once, however often a command asks
  if (found.tracked_one_here && !std::exchange(told, true)) {
    fmt::print(stderr,
               "patchmill: ./patchmill.yaml is not used, as it came with the git checkout; if you "
               "trust what it runs, name it: -c patchmill.yaml\n");
  }
  return found.file;
}

Result<app::Config> Common::config() const {
  app::Config config = app::default_config();
  const std::filesystem::path file = config_path();
  if (!file.empty()) {
    PM_TRY_ASSIGN(config, app::load_config(file));
  }
  if (!data.empty()) {
    const std::string standard_store = (config.data / "store.sqlite").string();
    const std::filesystem::path folder = std::filesystem::absolute(data).lexically_normal();
    if (config.store_url == standard_store) {
      config.store_url = (folder / "store.sqlite").string();
    }
    config.data = folder;
  }
  return config;
}

Result<std::unique_ptr<app::Workspace>> Common::workspace() const {
  PM_TRY_ASSIGN(app::Config loaded, config());
  std::error_code error;
  if (only_looks && !data.empty() && !std::filesystem::exists(loaded.data, error)) {
    return fail(ErrorKind::not_found,
                fmt::format("there is no data folder {}", loaded.data.string()));
  }
  if (needs_store && is_slip(*this, loaded)) {
    return no_store(*this, loaded.data);
  }
  return app::Workspace::open(std::move(loaded));
}

int report(const Error& error) {
  fmt::print(stderr, "patchmill: {}\n", escape_terminal(error.message, true));
  return error.kind == ErrorKind::infrastructure ? k_infrastructure : k_usage;
}

int parse_and_run(std::vector<Command>& commands, int argc, char** argv) {
  CLI::App app("Tests patches sent to mailing lists and says what came out, with the reason.",
               "patchmill");
  app.formatter(std::make_shared<HelpFormatter>());
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help of every command");
  app.footer(
      "Exit status: 0 pass, 1 a verdict failed, 2 wrong use, 3 could not tell (infrastructure).\n"
      "`patchmill COMMAND --help` shows examples; `man patchmill` has it all.");
  bool version = false;
  app.add_flag("--version", version, "Print the version");
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    argv[1] = const_cast<char*>("version");  // NOLINT: CLI11 only reads it
  }

  Common common;
  for (const Option& option : common_options(common)) {
    add_option(app, option);  // before the command; behind it, the command takes them
  }
  const Command* chosen = nullptr;
  for (Command& command : commands) {
    CLI::App* sub = app.add_subcommand(command.name, about(command));
    sub->footer(footer_of(command));
    sub->group(command.hidden ? "" : "Commands");
    for (const Option& option : command.options) {
      add_option(*sub, option);
    }
    for (const Argument& argument : command.arguments) {
      add_argument(*sub, argument);
    }
    for (const Option& option : common_options(common)) {
      add_option(*sub, option);
    }
    sub->callback([&chosen, &command] { chosen = &command; });
  }
  try {
    app.parse(words_of(argc, argv));
  } catch (const CLI::Success& success) {
    // Help of a command that is none.
    if (const WrongUse use = wrong_use_of(app, nullptr, commands);
        use.command == nullptr && !use.words.empty()) {
      return report_wrong_use(explain(use, commands), nullptr);
    }
    return app.exit(success) == 0 ? k_pass : k_usage;
  } catch (const CLI::ParseError& error) {
    const WrongUse use = wrong_use_of(app, &error, commands);
    return report_wrong_use(explain(use, commands), use.command);
  }
  if (chosen != nullptr) {
    remove_marks(*chosen);
    if (const std::string problem = problem_of_arguments(*chosen); !problem.empty()) {
      return report_wrong_use(problem, chosen);
    }
    common.only_looks = std::ranges::find(k_lookers, chosen->name) != k_lookers.end();
    common.needs_store = chosen->name == "run";
  }
  log::set_level(common.verbose ? log::Level::info : log::Level::warning);
  return chosen != nullptr ? chosen->run(common) : k_usage;
}

}  // namespace patchmill::cli
