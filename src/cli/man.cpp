// The man page and the command-line reference, made from the table of commands.

#include "cli/command.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

namespace patchmill::cli {
namespace {

std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) {
      out += "\\&";
    }
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    line_start = c == '\n';
  }
  return out;
}

std::string synopsis(const Command& command) {
  std::string text = "patchmill " + command.name + " [OPTIONS]";
  for (const Argument& argument : command.arguments) {
    std::string word = argument.metavar + (argument.many ? "…" : "");
    text += argument.required ? " " + word : " [" + word + "]";
  }
  return text;
}

std::string flags_text(const Option& option) {
  std::string text;
  for (const auto flag : split(option.flags, ',')) {
    text += (text.empty() ? "" : ", ") + std::string(flag);
  }
  return option.metavar.empty() ? text : text + " " + option.metavar;
}

constexpr std::string_view k_exit_status =
    "0: done, no verdict failed. 1: a verdict failed. 2: wrong use (options, configuration, "
    "unusable input). 3: could not tell (infrastructure, or something has not arrived yet).";

}  // namespace

std::string man_page(const std::vector<Command>& commands) {
  std::string out =
      ".TH PATCHMILL 1 \"\" \"patchmill " PATCHMILL_VERSION
      "\" \"User Commands\"\n"
      ".SH NAME\npatchmill \\- test patches sent to mailing lists\n"
      ".SH SYNOPSIS\n.B patchmill\n.I COMMAND\n[OPTIONS] [ARGUMENTS]\n"
      ".SH DESCRIPTION\n"
      "patchmill reads mailing lists, assembles patches into series, finds the commit each belongs "
      "on, applies, checks, builds and tests it, and says what came out with the reason.\n"
      ".SH COMMANDS\n";
  for (const Command& command : commands) {
    if (command.hidden) {
      continue;
    }
    out += fmt::format(".SS \"{}\"\n{}\n", roff(synopsis(command)), roff(command.summary));
    if (!command.description.empty()) {
      out += fmt::format(".PP\n{}\n", roff(command.description));
    }
    for (const Argument& argument : command.arguments) {
      out += fmt::format(".TP\n.I {}\n{}\n", roff(argument.metavar), roff(argument.help));
    }
    for (const Option& option : command.options) {
      out += fmt::format(".TP\n.B {}\n{}\n", roff(flags_text(option)), roff(option.help));
    }
    for (const Example& example : command.examples) {
      out += fmt::format(".PP\nExample: {}\n.RS\n.nf\n{}\n.fi\n.RE\n", roff(example.what),
                         roff(example.command));
    }
  }
  out += ".SH OPTIONS OF EVERY COMMAND\nBefore or behind the command.\n";
  Common common;
  for (const Option& option : common_options(common)) {
    out += fmt::format(".TP\n.B {}\n{}\n", roff(flags_text(option)), roff(option.help));
  }
  out += fmt::format(
      ".SH EXIT STATUS\n{}\n.SH ENVIRONMENT\n.TP\n.B PATCHMILL_CONFIG\nThe configuration file.\n"
      ".TP\n.B PATCHMILL_DATA\nThe data folder.\n.TP\n.B NO_COLOR\nNo colours and no bars.\n"
      ".SH FILES\n.I patchmill.yaml\n.br\n.I \\(ti/.config/patchmill/patchmill.yaml\n.br\n"
      ".I /etc/patchmill/patchmill.yaml\n",
      roff(k_exit_status));
  return out;
}

std::string cli_reference_markdown(const std::vector<Command>& commands) {
  std::string out =
      "# Command line\n\nThis page is made by `patchmill doc cli` from the program's own "
      "tables.\n\n"
      "Exit status: " +
      std::string(k_exit_status) + "\n";
  for (const Command& command : commands) {
    if (command.hidden) {
      continue;
    }
    out += fmt::format("\n## `{}`\n\n{}\n", synopsis(command), about(command));
    if (!command.options.empty() || !command.arguments.empty()) {
      out += "\n| | |\n|---|---|\n";
      for (const Argument& argument : command.arguments) {
        out += fmt::format("| `{}` | {} |\n", argument.metavar, argument.help);
      }
      for (const Option& option : command.options) {
        out += fmt::format("| `{}` | {} |\n", flags_text(option), option.help);
      }
    }
    if (!command.examples.empty()) {
      out += "\n```sh\n";
      for (const Example& example : command.examples) {
        out += fmt::format("{}   # {}\n", example.command, example.what);
      }
      out += "```\n";
    }
  }
  out += "\n## Options of every command\n\nBefore or behind the command.\n\n| | |\n|---|---|\n";
  Common common;
  for (const Option& option : common_options(common)) {
    out += fmt::format("| `{}` | {} |\n", flags_text(option), option.help);
  }
  return out;
}

}  // namespace patchmill::cli
