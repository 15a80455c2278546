#include "cli/wrong_use.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::cli {
namespace {

std::string did_you_mean(std::string_view written, const std::vector<std::string>& names) {
  const auto near = nearest_name(written, names);
  return near ? fmt::format("; did you mean '{}'?", *near) : std::string();
}

void add_flags(std::vector<std::string>& flags, const std::vector<Option>& options) {
  for (const Option& option : options) {
    for (const auto flag : split(option.flags, ',')) {
      flags.emplace_back(flag);
    }
  }
}

bool has_flag(const std::vector<Option>& options, const std::string& flag) {
  std::vector<std::string> flags;
  add_flags(flags, options);
  return std::ranges::find(flags, flag) != flags.end();
}

std::string no_such_option(const std::string& written, const Command* command) {
  const std::string flag = written.substr(0, written.find('='));
  if (command == nullptr) {
    std::vector<std::string> flags = {"--help", "--help-all", "--version"};
    Common common;
    add_flags(flags, common_options(common));
    return fmt::format("there is no option '{}'{}", flag, did_you_mean(flag, flags));
  }
  if (has_flag(command->options, flag)) {
    return fmt::format("'{0}' is an option of `patchmill {1}`; write it behind '{1}'", flag,
                       command->name);
  }
  std::vector<std::string> flags = {"--help"};
  add_flags(flags, command->options);
  Common common;
  add_flags(flags, common_options(common));
  return fmt::format("`patchmill {}` has no option '{}'{}", command->name, flag,
                     did_you_mean(flag, flags));
}

std::string too_many(const std::string& word, const Command& command) {
  return command.arguments.empty()
             ? fmt::format("`patchmill {}` takes no arguments, and '{}' is one", command.name, word)
             : fmt::format("'{}' is more than `patchmill {}` takes", word, command.name);
}

std::string mismatch(const WrongUse& use) {
  std::vector<Option> options;
  if (use.command != nullptr) {
    for (const Argument& argument : use.command->arguments) {
      if (argument.metavar == use.about) {
        return fmt::format("`patchmill {}` takes only one {}: {}", use.command->name, use.about,
                           argument.help);
      }
    }
    options = use.command->options;
  }
  Common common;
  std::ranges::move(common_options(common), std::back_inserter(options));
  for (const Option& option : options) {
    if (has_flag({option}, use.about)) {
      return use.said.ends_with("missing")
                 ? fmt::format("{} needs {} behind it: {}", use.about, option.metavar, option.help)
                 : fmt::format("{} was given more than once", use.about);
    }
  }
  return use.said;
}

std::string no_such_command(const std::string& written, const std::vector<Command>& commands) {
  std::vector<std::string> names;
  for (const Command& command : commands) {
    names.push_back(command.name);
  }
  return fmt::format("there is no command '{}'{}", written, did_you_mean(written, names));
}

}  // namespace

std::string explain(const WrongUse& use, const std::vector<Command>& commands) {
  // A misspelt option first: what else seems wrong comes from its value, or from its lack.
  if (!use.options.empty()) {
    return no_such_option(use.options.front(), use.command);
  }
  if (use.command == nullptr && !use.words.empty()) {
    return no_such_command(use.words.front(), commands);
  }
  if (use.kind == WrongUse::Kind::mismatch) {
    return mismatch(use);
  }
  if (use.kind == WrongUse::Kind::missing) {
    if (use.command == nullptr) {
      return "no command was given";
    }
    for (const Argument& argument : use.command->arguments) {
      if (argument.metavar == use.about) {
        return fmt::format("`patchmill {}` needs {}: {}", use.command->name, use.about,
                           argument.help);
      }
    }
  }
  return use.command != nullptr && !use.words.empty() ? too_many(use.words.front(), *use.command)
                                                      : use.said;
}

}  // namespace patchmill::cli
