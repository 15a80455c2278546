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

std::vector<Option> options_before_command() {
  static Common common;
  std::vector<Option> options = options_of({});
  options.push_back({"--version", "", "Print the version.", &common.json});
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

// Bash's compgen takes it as a list of words.
std::string word_list(const std::string& words) {
  return "-W \"" + words + "\"";
}

// What compgen is told to offer for an option's value or an argument; empty: nothing.
std::string bash_words(Complete complete, const std::vector<std::string>& choices,
                       const std::vector<Command>& commands) {
  if (!choices.empty()) {
    return word_list(join(choices, " "));
  }
  switch (complete) {
    case Complete::file:
      return "-f";
    case Complete::folder:
      return "-d";
    case Complete::check:
      return word_list(check_names());
    case Complete::command:
      return word_list(command_names(commands));
    case Complete::nothing:
      break;
  }
  return {};
}

// One branch of the script: the options, and what is offered where none is being written.
std::string bash_branch(const std::string& pattern, const std::vector<Option>& options,
                        const std::string& rest, const std::vector<Command>& commands) {
  std::string flags;
  std::string values;
  for (const Option& option : options) {
    for (const std::string& flag : flags_of(option)) {
      flags += (flags.empty() ? "" : " ") + flag;
    }
    if (!option.metavar.empty()) {
      const std::string words = bash_words(option.complete, option.choices, commands);
      values += fmt::format("        {}){} return ;;\n", join(flags_of(option), "|"),
                            words.empty() ? "" : " _patchmill_offer " + words + ";");
    }
  }
  return fmt::format(
      "    {})\n      case $prev in\n{}      esac\n"
      "      if [[ $cur == -* ]]; then\n        _patchmill_offer {}\n{}      fi ;;\n",
      pattern, values, word_list(flags),
      rest.empty() ? "" : fmt::format("      else\n        _patchmill_offer {}\n", rest));
}

// A pattern of the options whose value is the next word, where they stand before the command.
std::string flags_with_value() {
  Common common;
  std::string pattern;
  for (const Option& option : common_options(common)) {
    if (!option.metavar.empty()) {
      pattern += (pattern.empty() ? "" : "|") + join(flags_of(option), "|");
    }
  }
  return pattern;
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

std::string zsh_action(Complete complete, const std::vector<std::string>& choices) {
  if (!choices.empty()) {
    return "(" + zsh_escape(join(choices, " ")) + ")";
  }
  switch (complete) {
    case Complete::file:
      return "_files";
    case Complete::folder:
      return "_files -/";
    case Complete::check:
      return "(" + check_names() + ")";
    case Complete::command:
      return "_patchmill_commands";
    case Complete::nothing:
      break;
  }
  return " ";
}

std::string zsh_options(const std::vector<Option>& options) {
  std::string out;
  for (const Option& option : options) {
    const bool many = std::holds_alternative<std::vector<std::string>*>(option.target);
    for (const std::string& flag : flags_of(option)) {
      const bool takes_equals_sign = !option.metavar.empty() && flag.starts_with("--");
      out += fmt::format(" \\\n        '{}{}{}[{}]", many ? "*" : "", flag,
                         takes_equals_sign ? "=" : "", zsh_escape(option.help));
      if (!option.metavar.empty()) {
        out += fmt::format(":{}:{}", option.metavar, zsh_action(option.complete, option.choices));
      }
      out += "'";
    }
  }
  return out;
}

}  // namespace

std::string bash_completion(const std::vector<Command>& commands) {
  std::string out =
      "# bash completion for patchmill; load it with: source <(patchmill doc bash)\n"
      "\n"
      "# What compgen makes of these arguments, for $cur. What stands before a colon or an equals\n"
      "# sign is for bash a word that is there already.\n"
      "_patchmill_offer() {\n"
      "  [[ $1 == -W ]] || compopt -o filenames 2>/dev/null\n"
      "  mapfile -t COMPREPLY < <(compgen \"$@\" -- \"$cur\")\n"
      "  local there=${cur%\"${cur##*[$breaks]}\"}\n"
      "  COMPREPLY=(\"${COMPREPLY[@]#\"$there\"}\")\n"
      "}\n"
      "\n"
      "_patchmill() {\n"
      "  local cur prev command='' breaks='' i\n"
      "  local -a words=()\n"
      "  COMPREPLY=()\n"
      "  [[ $COMP_WORDBREAKS != *:* ]] || breaks+=:\n"
      "  [[ $COMP_WORDBREAKS != *=* ]] || breaks+==\n"
      "  # The words as the shell will pass them.\n"
      "  for ((i = 0; i <= COMP_CWORD; i++)); do\n"
      "    if ((i > 1)) && [[ -n $breaks && (${COMP_WORDS[i]} == [$breaks]* ||\n"
      "      ${COMP_WORDS[i - 1]} == [$breaks]*) ]]; then\n"
      "      words[-1]+=${COMP_WORDS[i]}\n"
      "    else\n"
      "      words+=(\"${COMP_WORDS[i]}\")\n"
      "    fi\n"
      "  done\n"
      "  cur=${words[-1]} prev=${words[-2]}\n"
      "  if [[ $cur == --*=* ]]; then\n"
      "    prev=${cur%%=*} cur=${cur#*=}\n"
      "  fi\n"
      "  for ((i = 1; i < ${#words[@]} - 1; i++)); do\n"
      "    case ${words[i]} in\n"
      "      " +
      flags_with_value() +
      ") ((++i)) ;;\n"
      "      -*) ;;\n"
      "      *) command=${words[i]}; break ;;\n"
      "    esac\n"
      "  done\n"
      "  case $command in\n";
  out += bash_branch("''", options_before_command(), word_list(command_names(commands)), commands);
  for (const Command& command : commands) {
    std::string rest;
    for (const Argument& argument : command.arguments) {
      rest = bash_words(argument.complete, argument.choices, commands);
    }
    out += bash_branch(command.name, options_of(command), rest, commands);
  }
  out += "  esac\n}\ncomplete -F _patchmill patchmill\n";
  return out;
}

std::string zsh_completion(const std::vector<Command>& commands) {
  std::string out =
      "#compdef patchmill\n"
      "# zsh completion for patchmill; put it as _patchmill into a folder of $fpath\n"
      "_patchmill_commands() {\n"
      "  local -a commands\n"
      "  commands=(\n";
  for (const Command& command : commands) {
    if (!command.hidden) {
      out += fmt::format("    '{}:{}'\n", command.name, zsh_escape(command.summary));
    }
  }
  out +=
      "  )\n"
      "  _describe 'command' commands\n"
      "}\n"
      "_patchmill() {\n"
      "  local command='' at\n"
      "  for (( at = 2; at < CURRENT; at++ )); do\n"
      "    case $words[at] in\n"
      "      (" +
      flags_with_value() +
      ") (( ++at )) ;;\n"
      "      (-*) ;;\n"
      "      (*) command=$words[at]; break ;;\n"
      "    esac\n"
      "  done\n"
      "  if [[ -n $command ]]; then\n"
      "    words=(\"${(@)words[at,-1]}\"); (( CURRENT -= at - 1 ))\n"
      "  fi\n"
      "  case $command in\n"
      "    ('')\n      _arguments" +
      zsh_options(options_before_command()) + " \\\n        ':command:_patchmill_commands' ;;\n";
  for (const Command& command : commands) {
    out +=
        fmt::format("    ({})\n      _arguments{}", command.name, zsh_options(options_of(command)));
    for (const Argument& argument : command.arguments) {
      out += fmt::format(" \\\n        '{}:{}:{}'", argument.many ? "*" : "", argument.metavar,
                         zsh_action(argument.complete, argument.choices));
    }
    out += " ;;\n";
  }
  out += "  esac\n}\n_patchmill \"$@\"\n";
  return out;
}

}  // namespace patchmill::cli
