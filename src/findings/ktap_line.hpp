#pragma once
// One line of (K)TAP.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::findings {

struct KtapLine {
  enum class Kind { version, plan, result, subtest, diagnostic, bail_out };
  Kind kind = Kind::diagnostic;
  std::size_t level = 0;   // columns of indentation; "# " before nested TAP counts like two
  bool hashed = false;     // found behind "# ", as kselftest prints nested TAP
  bool ok = false;         // result
  std::size_t number = 0;  // of a result (0: none) or of the plan
  std::string text;        // description, subtest name, diagnostic or reason
  std::string directive;   // SKIP, TODO, XFAIL, TIMEOUT, ERROR; upper case; or empty
  std::string reason;      // after the directive
};

// Empty when the line has nothing to do with TAP. `hash_nested`: whether "# ok 1 x" is a nested
// result here (a nested "# TAP version" or plan came before) rather than a diagnostic.
std::optional<KtapLine> parse_ktap_line(std::string_view line, bool hash_nested);

}  // namespace patchmill::findings
