#pragma once
// Reads test results in KTAP (Documentation/dev-tools/ktap.rst) and TAP 13/14, as kunit, kselftest
// and init scripts print them on a console: nested by indentation or by "# ", with kernel log
// prefixes, and with other console output in between.

#include "findings/finding.hpp"
#include "findings/log_lines.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::findings {

struct TestResult {
  std::string name;                // "suite.case"; the number where a test has no name
  Verdict result = Verdict::pass;  // pass, fail, skip; incomplete: announced, but never reported
  std::string message;             // the directive's reason ("SKIP no device"), or what is wrong
  std::string diagnostics;         // the lines printed before the result, at most 2 KiB
  bool group = false;              // it has subtests of its own
  bool explained = false;          // a group with a subtest that failed or is missing
};

struct KtapReport {
  std::vector<TestResult> results;    // in the order they were printed; groups after their tests
  std::vector<std::string> problems;  // no plan, missing results, bail out, ... for people
  bool found = false;                 // there was any (K)TAP at all
  bool complete = false;              // every plan was fulfilled and nobody bailed out
  std::size_t passed = 0, failed = 0, skipped = 0, missing = 0;  // tests without subtests

  // fail when a test failed, else incomplete when results are missing, else pass (all skipped:
  // skip).
  [[nodiscard]] Verdict verdict() const;
  // "12 passed, 1 failed (sched.fork), 2 skipped"
  [[nodiscard]] std::string summary() const;
};

// Linear; at most 16 levels and 50 000 results (more are dropped and named as a problem).
KtapReport read_ktap(LogLines lines);
inline KtapReport read_ktap(std::string_view log) {
  return read_ktap(LogLines(log));
}

// One error for each failed test (rule: its name) and one warning for each missing one.
std::vector<Finding> findings_of(const KtapReport& report);

}  // namespace patchmill::findings
