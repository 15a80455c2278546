#pragma once
// The form of SPDX license lines (Documentation/process/license-rules.rst of Linux).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::checks {

// How a license line is written in a kind of file.
struct SpdxForm {
  std::string_view opening;  // "// ", "/* ", "# ", ".. "
  std::string_view example;  // the whole line
};
// Empty for files that cannot or need not carry one (data, plain text, licences themselves).
std::optional<SpdxForm> spdx_form(std::string_view path, std::string_view first_line);

struct SpdxLine {
  int line = 0;            // 1-based
  std::string opening;     // the comment mark before the tag, "" for none
  std::string expression;  // "GPL-2.0 WITH Linux-syscall-note"
};
// The first "SPDX-License-Identifier:" among the first lines of a file.
std::optional<SpdxLine> find_spdx(const std::vector<std::string_view>& lines);

// Why an expression is not well formed; empty when it is.
std::string expression_problem(std::string_view expression);
// The license and exception names of a well-formed expression.
std::vector<std::string> expression_names(std::string_view expression);

}  // namespace patchmill::checks
