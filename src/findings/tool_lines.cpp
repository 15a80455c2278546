#include "findings/tool_lines.hpp"

#include "findings/normalise.hpp"
#include "util/text.hpp"

namespace patchmill::findings {
namespace {

Finding make_finding(Severity severity, std::string_view tool, std::string_view rule,
                     std::string_view message) {
  Finding finding;
  finding.severity = severity;
  finding.tool = tool;
  finding.rule = rule;
  finding.message = trim(message);
  return finding;
}

// "make: *** ...", "make[2]: *** ...", "Makefile:12: *** ...  Stop."
std::optional<ToolLine> parse_make(std::string_view line) {
  const auto stars = line.find(": *** ");
  if (stars == std::string_view::npos || line.find(' ') < stars) {
    return std::nullopt;
  }
  const std::string_view place = line.substr(0, stars);
  std::string_view text = trim(line.substr(stars + 6));
  if (text.starts_with("Waiting for unfinished jobs")) {
    return ToolLine{make_finding(Severity::note, "make", "", text), true};
  }
  ToolLine result{make_finding(Severity::error, "make", "", text), false};
  if (!place.starts_with("make") || place.find('/') != std::string_view::npos) {
    const auto colon = place.rfind(':');
    if (colon != std::string_view::npos) {
      result.finding.file = place.substr(0, colon);
      result.finding.line =
          static_cast<int>(parse_uint(place.substr(colon + 1)).value_or(0) % 100'000'000);
    }
  }
  if (text.starts_with('[')) {
    result.consequence = true;
  } else if (text.ends_with("Stop.")) {
    text.remove_suffix(5);
    result.finding.message = trim(text);
  }
  return result;
}

// ERROR: modpost: "foo" [drivers/x.ko] undefined!
// WARNING: modpost: vmlinux.o: section mismatch in reference: f+0x1 (section: .text) -> g (...)
std::optional<ToolLine> parse_modpost(std::string_view line) {
  const bool error = line.starts_with("ERROR: ");
  if (!error && !line.starts_with("WARNING: ")) {
    return std::nullopt;
  }
  std::string_view text = line.substr(error ? 7 : 9);
  const bool named = text.starts_with("modpost: ");
  if (named) {
    text.remove_prefix(9);
  }
  const bool mismatch = text.find("ection mismatch") != std::string_view::npos;
  const bool undefined = text.ends_with("undefined!");
  if (!named && !mismatch && !undefined) {
    return std::nullopt;
  }
  ToolLine result{make_finding(error ? Severity::error : Severity::warning, "modpost",
                               mismatch    ? "section-mismatch"
                               : undefined ? "undefined"
                                           : "",
                               text),
                  false};
  if (mismatch) {
    // Offsets and section addresses move with every change of the code.
    constexpr std::string_view intro = "reference: ";
    const auto at = text.find(intro);
    if (at != std::string_view::npos) {
      const std::string_view rest = text.substr(at + intro.size());
      result.finding.function = normalise_function(rest.substr(0, rest.find_first_of("+ ")));
    }
  }
  return result;
}

bool is_linker(std::string_view program) {
  const auto slash = program.rfind('/');
  const std::string_view name =
      slash == std::string_view::npos ? program : program.substr(slash + 1);
  return name == "ld" || name.starts_with("ld.") || name.ends_with("-ld") ||
         name.ends_with("-ld.bfd");
}

std::optional<ToolLine> parse_linker(std::string_view line, std::string_view object_function) {
  const auto undefined = line.find("undefined reference to ");
  if (undefined != std::string_view::npos) {
    ToolLine result{
        make_finding(Severity::error, "ld", "undefined-reference", line.substr(undefined)), false};
    std::string_view place = line.substr(0, undefined);
    // "/usr/bin/ld: file.c:12: undefined…" or "file.c:(.text+0x12): undefined…"
    if (const auto space = place.find(": ");
        space != std::string_view::npos && is_linker(place.substr(0, space))) {
      place.remove_prefix(space + 2);
    }
    const auto colon = place.find(':');
    result.finding.file = trim(place.substr(0, colon));
    if (colon != std::string_view::npos) {
      const std::string_view number = place.substr(colon + 1);
      result.finding.line = static_cast<int>(
          parse_uint(number.substr(0, number.find(':'))).value_or(0) % 100'000'000);
    }
    result.finding.function = object_function;
    return result;
  }
  const auto colon = line.find(": ");
  if (colon == std::string_view::npos || !is_linker(line.substr(0, colon))) {
    return std::nullopt;
  }
  std::string_view text = line.substr(colon + 2);
  if (text.starts_with("warning: ")) {
    return ToolLine{make_finding(Severity::warning, "ld", "", text.substr(9)), false};
  }
  if (text.starts_with("error: ")) {
    text.remove_prefix(7);
    const bool symbol = text.starts_with("undefined symbol: ");
    return ToolLine{make_finding(Severity::error, "ld", symbol ? "undefined-reference" : "", text),
                    false};
  }
  for (const std::string_view word :
       {"multiple definition of ", "cannot find ", "relocation truncated", "undefined symbol",
        "region ", "section ", "final link failed", "No such file"}) {
    if (text.find(word) != std::string_view::npos) {
      return ToolLine{make_finding(Severity::error, "ld", "", text), word == "final link failed"};
    }
  }
  return std::nullopt;
}

// A program somebody must install, and not a script that should be in the tree.
bool is_installed_kind(std::string_view program) {
  return program.find('/') == std::string_view::npos || program.starts_with("/usr/") ||
         program.starts_with("/bin/") || program.starts_with("/sbin/") ||
         program.starts_with("/opt/");
}

ToolLine missing_program(std::string_view tool, std::string_view program) {
  return ToolLine{make_finding(Severity::error, tool,
                               is_installed_kind(program) ? rule_missing_tool : "missing-script",
                               std::string(program) + ": command not found"),
                  false};
}

// "make[1]: gcc-99: No such file or directory": make starts simple commands without a shell.
std::optional<ToolLine> parse_make_start(std::string_view line) {
  const auto colon = line.find(": ");
  if (!line.starts_with("make") || colon == std::string_view::npos || colon > 12 ||
      (colon != 4 && (line[4] != '[' || line[colon - 1] != ']'))) {
    return std::nullopt;
  }
  for (const std::string_view ending :
       {": No such file or directory", ": Command not found", ": not found"}) {
    if (line.ends_with(ending) && line.size() > colon + 2 + ending.size()) {
      const std::string_view program =
          line.substr(colon + 2, line.size() - ending.size() - colon - 2);
      if (program.find(' ') == std::string_view::npos) {
        return missing_program("make", program);
      }
    }
  }
  return std::nullopt;
}

// "/bin/sh: 1: bison: not found", "scripts/x.sh: line 12: foo: command not found"
std::optional<ToolLine> parse_shell(std::string_view line) {
  if (line.ends_with(": not found") || line.ends_with(": command not found")) {
    const auto end = line.rfind(": ");
    const std::string_view before = line.substr(0, end);
    const std::string_view name = before.substr(before.rfind(' ') + 1);
    if (before.find(": ") != std::string_view::npos && !name.empty()) {
      return missing_program("sh", name);
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view unquote(std::string_view text) {
  for (const auto& [open, close] :
       {std::pair{std::string_view("\u2018"), std::string_view("\u2019")},
        std::pair{std::string_view("`"), std::string_view("'")},
        std::pair{std::string_view("'"), std::string_view("'")},
        std::pair{std::string_view("\""), std::string_view("\"")}}) {
    const auto start = text.find(open);
    if (start == std::string_view::npos) {
      continue;
    }
    const std::string_view rest = text.substr(start + open.size());
    const auto end = rest.find(close);
    if (end != std::string_view::npos) {
      return rest.substr(0, end);
    }
  }
  return text.substr(0, text.find(':'));
}

std::optional<ToolLine> parse_tool_line(std::string_view line, std::string_view object_function) {
  if (line.empty() || line.front() == ' ' || line.front() == '\t') {
    return std::nullopt;
  }
  if (auto result = parse_make(line)) {
    return result;
  }
  if (auto result = parse_make_start(line)) {
    return result;
  }
  if (auto result = parse_modpost(line)) {
    return result;
  }
  if (auto result = parse_linker(line, object_function)) {
    return result;
  }
  return parse_shell(line);
}

}  // namespace patchmill::findings
