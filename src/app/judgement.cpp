#include "app/baseline.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::app {
namespace {

using findings::Finding;
using findings::Severity;
using findings::Verdict;

std::string one_line(const Finding& finding) {
  std::string where = finding.file;
  if (finding.line > 0) {
    where += fmt::format(":{}", finding.line);
  }
  const std::string_view first =
      std::string_view(finding.message).substr(0, finding.message.find('\n'));
  if (where.empty() && !finding.rule.empty() && finding.rule != finding.message) {
    return ellipsize(fmt::format("{}: {}", finding.rule, first), 300);
  }
  const std::string_view kind = finding.severity == Severity::error ? "error: " : "warning: ";
  return where.empty() ? ellipsize(first, 300)
                       : ellipsize(fmt::format("{}: {}{}", where, kind, first), 300);
}

const Finding* first_of(const std::vector<Finding>& list, Severity severity) {
  const auto it = std::find_if(list.begin(), list.end(),
                               [&](const Finding& f) { return f.severity == severity; });
  return it != list.end() ? &*it : nullptr;
}

std::size_t number_of(const std::vector<Finding>& list, Severity severity) {
  return static_cast<std::size_t>(std::count_if(
      list.begin(), list.end(), [&](const Finding& f) { return f.severity == severity; }));
}

std::string failure_summary(const runtimes::RunOutcome& run, const std::vector<Finding>& fresh) {
  const Finding* error = first_of(fresh, Severity::error);
  if (error == nullptr) {
    return run.summary;
  }
  const std::size_t errors = number_of(fresh, Severity::error);
  return errors > 1 ? fmt::format("{} (and {} more)", one_line(*error), errors - 1)
                    : one_line(*error);
}

// What neither the base nor an earlier patch has.
std::vector<Finding> introduced_over(const BaselineResult& base,
                                     const std::vector<Finding>& found) {
  std::vector<Finding> known = base.findings;
  known.insert(known.end(), base.earlier.begin(), base.earlier.end());
  return findings::introduced(known, found);
}

// The names of the tests that failed.
std::string failed_tests(const std::vector<Finding>& list) {
  constexpr std::size_t k_named = 5;
  std::string names;
  std::size_t count = 0;
  for (const Finding& finding : list) {
    if (finding.severity == Severity::error && ++count <= k_named) {
      names += count == 1 ? "" : ", ";
      names += finding.rule.empty() ? one_line(finding) : ellipsize(finding.rule, 100);
    }
  }
  return count > k_named ? fmt::format("{} and {} more", names, count - k_named) : names;
}

// The tests that fail here all failed before. `fresh` is what is new all the same.
Judgement judge_known_failures(const runtimes::RunOutcome& run, const BaselineResult& base,
                               std::vector<Finding> fresh) {
  const auto since_earlier = findings::introduced(base.findings, run.findings);
  if (first_of(since_earlier, Severity::error) != nullptr) {
    return {Verdict::fail,
            fmt::format("fails since an earlier patch: {}", failed_tests(since_earlier)),
            std::move(fresh)};
  }
  const std::string note = fmt::format("fails on the base, too: {}", failed_tests(run.findings));
  const Finding* warning = first_of(fresh, Severity::warning);
  if (warning == nullptr) {
    return {Verdict::pass, note, std::move(fresh)};
  }
  const std::string summary =
      fmt::format("{}: {}; {}", count_of(number_of(fresh, Severity::warning), "new warning"),
                  one_line(*warning), note);
  return {Verdict::warning, summary, std::move(fresh)};
}

Judgement judge_failure(const runtimes::RunOutcome& run, const BaselineResult* base) {
  Judgement judgement{Verdict::fail, "", run.findings};
  if (base == nullptr) {
    judgement.summary = failure_summary(run, run.findings);
    return judgement;
  }
  judgement.findings = introduced_over(*base, run.findings);
  if (base->verdict == Verdict::incomplete) {
    return {Verdict::incomplete,
            fmt::format("it fails here, but the base could not be judged: {}", base->summary),
            run.findings};
  }
  const bool base_fails = base->verdict == Verdict::fail;
  if (base_fails && first_of(judgement.findings, Severity::error) == nullptr) {
    // A crash of what prints the results is no test's.
    constexpr int k_signals = 128;
    if (run.exit_status <= k_signals && only_tests_failed(run.verdict, run.findings)) {
      return judge_known_failures(run, *base, std::move(judgement.findings));
    }
    return {Verdict::incomplete, fmt::format("the base fails too: {}", base->summary), {}};
  }
  judgement.summary = failure_summary(run, judgement.findings);
  return judgement;
}

Judgement judge_pass(const runtimes::RunOutcome& run, const BaselineResult* base) {
  Judgement judgement{run.verdict, run.summary, run.findings};
  if (base != nullptr) {
    judgement.findings = introduced_over(*base, run.findings);
  }
  const std::size_t errors = number_of(judgement.findings, Severity::error);
  const std::size_t fresh = errors + number_of(judgement.findings, Severity::warning);
  if (fresh > 0) {
    const Finding* first = first_of(judgement.findings, Severity::error);
    first = first != nullptr ? first : first_of(judgement.findings, Severity::warning);
    judgement.verdict = Verdict::warning;
    // An error that did not make the job fail is called by its name all the same.
    const std::string_view kind = errors == 0       ? "new warning"
                                  : errors == fresh ? "new error"
                                                    : "new finding";
    judgement.summary = fmt::format("{}{}: {}", count_of(fresh, kind),
                                    errors == 0 ? "" : ", though it passes", one_line(*first));
  } else if (base != nullptr && run.verdict == Verdict::warning &&
             base->verdict == Verdict::warning) {
    judgement.verdict = Verdict::pass;
    judgement.summary = fmt::format("the base warns too: {}", base->summary);
  } else if (!run.findings.empty() && base != nullptr) {
    judgement.summary +=
        fmt::format(" ({} of the base left out)", count_of(run.findings.size(), "warning"));
  }
  return judgement;
}

}  // namespace

bool only_tests_failed(Verdict verdict, std::span<const Finding> findings) {
  constexpr std::string_view k_tests = "ktap";  // what findings::findings_of() calls itself
  bool failed = false;
  for (const Finding& finding : findings) {
    const bool error = finding.severity == Severity::error;
    // A warning of its is a test without a result.
    if (error != (finding.tool == k_tests)) {
      return false;
    }
    failed = failed || error;
  }
  return verdict == Verdict::fail && failed;
}

bool needs_baseline(const runtimes::RunOutcome& run) {
  if (run.verdict == Verdict::skip || run.verdict == Verdict::incomplete) {
    return false;
  }
  return run.verdict != Verdict::pass || !run.findings.empty();
}

namespace {

Judgement judge_run(const runtimes::RunOutcome& run, const BaselineResult* base) {
  switch (run.verdict) {
    case Verdict::fail:
      return judge_failure(run, base);
    case Verdict::pass:
    case Verdict::warning:
      return judge_pass(run, base);
    case Verdict::skip:
    case Verdict::incomplete:
      break;
  }
  return {run.verdict, run.summary, run.findings};
}

}  // namespace

Judgement judge(const runtimes::RunOutcome& run, const BaselineResult* base) {
  Judgement judgement = judge_run(run, base);
  // Reports read how many tests there were out of it.
  if (!run.tests.empty() && judgement.summary.find(run.tests) == std::string::npos) {
    judgement.summary += fmt::format(" ({})", run.tests);
  }
  return judgement;
}

}  // namespace patchmill::app
