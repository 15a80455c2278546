#pragma once
// Lines of linkers, make, modpost and shells, which do not have the compilers' form.

#include "findings/finding.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace patchmill::findings {

// Rule of the error "x: command not found" where x is a program that is installed, not one of the
// tree.
inline constexpr std::string_view rule_missing_tool = "missing-tool";

struct ToolLine {
  Finding finding;
  bool consequence = false;  // "make: *** [x] Error 1": something before it says why
};

// `object_function`: the function the linker named last, for the reference lines after it.
std::optional<ToolLine> parse_tool_line(std::string_view line, std::string_view object_function);

// The text between the first pair of quotes of any kind; without quotes the text up to a colon.
std::string_view unquote(std::string_view text);

}  // namespace patchmill::findings
