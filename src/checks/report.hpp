#pragma once
// Collecting what a check finds into its outcome.

#include "checks/check.hpp"

#include <string>
#include <string_view>

namespace patchmill::checks {

// Where in the patched tree; default: the patch as a whole.
struct Place {
  std::string file = {};
  int line = 0;
};

class Report {
 public:
  // `context` names the patch the findings belong to.
  Report(const Check& check, const Context& context);

  void error(std::string_view rule, std::string message, Place place = {});
  void warning(std::string_view rule, std::string message, Place place = {});
  void note(std::string_view rule, std::string message, Place place = {});
  void add(findings::Finding finding);

  [[nodiscard]] bool clean() const { return m_errors + m_warnings == 0; }
  // fail with errors, warning with warnings, else pass with `summary_if_clean`. The summary is
  // made of the worst findings. Beyond a thousand findings only their number is kept.
  CheckOutcome finish(std::string_view summary_if_clean);
  // As finish(), with a summary of the caller's whatever was found.
  CheckOutcome finish_with(std::string_view summary);

 private:
  std::string m_tool, m_label;
  std::size_t m_errors = 0, m_warnings = 0, m_dropped = 0;
  CheckOutcome m_outcome;
};

findings::Finding make_finding(findings::Severity severity, std::string_view rule,
                               std::string message, Place place = {});
CheckOutcome skipped(std::string_view why);
CheckOutcome incomplete(std::string_view why);

}  // namespace patchmill::checks
