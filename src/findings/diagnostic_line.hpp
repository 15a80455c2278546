#pragma once
// One line of the form "place: severity: text", as gcc, clang, gas, dtc and others print it.

#include <optional>
#include <string_view>

namespace patchmill::findings {

enum class DiagnosticLevel { error, warning, note };

struct DiagnosticLine {
  std::string_view file;     // empty: none ("cc1: error: ...")
  std::string_view program;  // what stood in the file's place where that is no path
  int line = 0, column = 0;
  DiagnosticLevel level = DiagnosticLevel::error;
  std::string_view text;  // without the flag
  std::string_view flag;  // -Wname, or a rule in parentheses (dtc); empty: none
};

// Empty when the line is no diagnostic. Views point into `line`. Linear.
std::optional<DiagnosticLine> parse_diagnostic(std::string_view line);

}  // namespace patchmill::findings
