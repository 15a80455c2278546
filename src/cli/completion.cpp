// Shell completion, made from the table of commands.

#include "checks/check.hpp"
#include "cli/command.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

namespace patchmill::cli {
namespace {

std::vector<std::string> flags_of(const Option& option) {
  std::vector<std::string> flags;
  for (const auto flag : split(option.flags, ',')) {
    flags.emplace_back(flag);
  }
  return flags;
}

std::vector<Option> options_of(const Command& command) {
  static Common common;
  std::vector<Option> options = command.options;
  for (Option& option : common_options(common)) {
    options.push_back(std::move(option));
  }
  options.push_back({"-h,--help", "", "Print help and exit.", &common.json});
  return options;
}

std::string check_names() {
  std::string names;
  for (const auto& check : checks::all_checks()) {
    names += (names.empty() ? "" : " ") + std::string(check->name());
  }
  return names;
}

std::string command_names(const std::vector<Command>& commands) {
  std::string names;
  for (const Command& command : commands) {
    if (!command.hidden) {
      names += (names.empty() ? "" : " ") + command.name;
    }
  }
  return names;
}

// What bash's compgen offers for it; empty: nothing.
std::string argument_words(const Argument& argument) {
  if (!argument.choices.empty()) {
    return "-W \"" + join(argument.choices, " ") + "\"";
  }
  return argument.complete == Complete::file     ? "-f"
         : argument.complete == Complete::folder ? "-d"
                                                 : "";
}

std::string zsh_action(Complete complete) {
  switch (complete) {
    case Complete::file:
      return "_files";
    case Complete::folder:
      return "_files -/";
    case Complete::check:
      return "(" + check_names() + ")";
    default:
      return " ";
  }
}

std::string zsh_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else if (c == '[' || c == ']' || c == ':' || c == '\\') {
      out += '\\';
      out += c;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string bash_completion(const std::vector<Command>& commands) {
  std::string out =
      "# bash completion for patchmill; load it with: source <(patchmill doc bash)\n"
      "_patchmill() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    COMPREPLY=($(compgen -W \"" +
      command_names(commands) +
      " --help --version\" -- \"$cur\"))\n"
      "    return\n"
      "  fi\n"
      "  case \"${COMP_WORDS[1]}\" in\n";
  for (const Command& command : commands) {
    std::string words;
    std::string values;
    for (const Option& option : options_of(command)) {
      for (const std::string& flag : flags_of(option)) {
        words += (words.empty() ? "" : " ") + flag;
        if (option.complete == Complete::folder) {
          values +=
              fmt::format("        {}) COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n", flag);
        } else if (option.complete == Complete::check) {
          values +=
              fmt::format("        {}) COMPREPLY=($(compgen -W \"{}\" -- \"$cur\")); return ;;\n",
                          flag, check_names());
        } else if (!option.metavar.empty()) {
          values +=
              fmt::format("        {}) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n", flag);
        }
      }
    }
    std::string rest;
    for (const Argument& argument : command.arguments) {
      const std::string what = argument_words(argument);
      if (!what.empty()) {
        rest = fmt::format("else\n        COMPREPLY=($(compgen {} -- \"$cur\"))\n      ", what);
      }
    }
    out += fmt::format(
        "    {})\n      case \"$prev\" in\n{}      esac\n"
        "      if [[ $cur == -* ]]; then\n"
        "        COMPREPLY=($(compgen -W \"{}\" -- \"$cur\"))\n"
        "      {}fi ;;\n",
        command.name, values, words, rest);
  }
  out += "  esac\n}\ncomplete -o filenames -F _patchmill patchmill\n";
  return out;
}

std::string zsh_completion(const std::vector<Command>& commands) {
  std::string out =
      "#compdef patchmill\n"
      "# zsh completion for patchmill; put it as _patchmill into a folder of $fpath\n"
      "_patchmill() {\n"
      "  local -a commands\n"
      "  commands=(\n";
  for (const Command& command : commands) {
    if (!command.hidden) {
      out += fmt::format("    '{}:{}'\n", command.name, zsh_escape(command.summary));
    }
  }
  out +=
      "  )\n"
      "  if (( CURRENT == 2 )); then\n"
      "    _describe 'command' commands\n"
      "    return\n"
      "  fi\n"
      "  local command=$words[2]\n"
      "  shift words; (( CURRENT-- ))\n"
      "  case $command in\n";
  for (const Command& command : commands) {
    out += fmt::format("    {})\n      _arguments", command.name);
    for (const Option& option : options_of(command)) {
      for (const std::string& flag : flags_of(option)) {
        out += fmt::format(" \\\n        '{}[{}]", flag, zsh_escape(option.help));
        if (!option.metavar.empty()) {
          out += fmt::format(":{}:{}", option.metavar, zsh_action(option.complete));
        }
        out += "'";
      }
    }
    for (const Argument& argument : command.arguments) {
      out += fmt::format(" \\\n        '{}:{}:{}'", argument.many ? "*" : "", argument.metavar,
                         argument.choices.empty() ? zsh_action(argument.complete)
                                                  : "(" + join(argument.choices, " ") + ")");
    }
    out += " ;;\n";
  }
  out += "  esac\n}\n_patchmill \"$@\"\n";
  return out;
}

}  // namespace patchmill::cli
