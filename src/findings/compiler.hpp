#pragma once
// Reads what compilers, assemblers, linkers, make and modpost print.

#include "findings/finding.hpp"
#include "findings/log_lines.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::findings {

struct CompilerOptions {
  // Folders whose names are cut from the front of paths (the source, the build folder), as the
  // build saw them: "/src".
  std::vector<std::string> source_roots;
  std::size_t max_findings = 5000;  // later ones are dropped
};

// Diagnostics in the order of the log. Notes and "included from" lines go to the detail of the
// diagnostic they belong to. Tools: cc, as, ld, make, modpost, objtool, dtc, rustc, kconfig, sh.
// The rule is the flag that switches the warning on (-Wunused-variable), where the line names one.
std::vector<Finding> read_compiler_log(LogLines lines, const CompilerOptions& options = {});
inline std::vector<Finding> read_compiler_log(std::string_view log,
                                              const CompilerOptions& options = {}) {
  return read_compiler_log(LogLines(log), options);
}

// When nothing but missing programs explains a failed build: which, as "bison, flex", or empty
// where the log does not say. A script of the tree that is gone is not one. `findings` are those of
// the same log.
std::optional<std::string> missing_tools(LogLines lines, std::span<const Finding> findings);
inline std::optional<std::string> missing_tools(std::string_view log,
                                                std::span<const Finding> findings) {
  return missing_tools(LogLines(log), findings);
}

}  // namespace patchmill::findings
