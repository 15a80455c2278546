#pragma once
// What a check, build or test found, and the verdicts it adds up to.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::findings {

// Results of nodes and of whole series. KernelCI has pass, fail, skip and incomplete;
// warning is Patchwork's and is a kind of pass there.
enum class Verdict { pass, warning, fail, skip, incomplete };
std::string_view to_string(Verdict verdict);
std::optional<Verdict> verdict_from(std::string_view text);
// The verdict of the whole: fail, else incomplete, else warning, else pass; skips do not count
// (all skipped: skip; nothing at all: incomplete).
Verdict worst_of(std::span<const Verdict> verdicts);

enum class Severity { error, warning, note };
std::string_view to_string(Severity severity);
std::optional<Severity> severity_from(std::string_view text);

struct Finding {
  Severity severity = Severity::warning;
  std::string tool;      // checkpatch, gcc, ktap, ...
  std::string rule;      // -Wunused-variable, LONG_LINE, test name
  std::string file;      // path in the tree; empty: none
  int line = 0;          // in the patched file; 0: none
  std::string function;  // where the tool says so
  std::string message;
  std::string patch_label;  // which patch, where known
  std::string detail;       // more lines for people (notes, call trace); no part of the identity

  // Identity without line numbers: equal for the same trouble before and after a patch.
  [[nodiscard]] std::string fingerprint() const;
};

// Findings in `after` that `before` has not, as multisets of fingerprints, in order.
std::vector<Finding> introduced(std::span<const Finding> before, std::span<const Finding> after);

}  // namespace patchmill::findings
