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

Judgement judge_failure(const runtimes::RunOutcome& run, const BaselineResult* base) {
  Judgement judgement{Verdict::fail, "", run.findings};
  if (base == nullptr) {
    judgement.summary = failure_summary(run, run.findings);
    return judgement;
  }
  judgement.findings = findings::introduced(base->findings, run.findings);
  if (base->verdict == Verdict::incomplete) {
    return {Verdict::incomplete,
            fmt::format("it fails here, but the base could not be judged: {}", base->summary),
            run.findings};
  }
  const bool base_fails = base->verdict == Verdict::fail;
  if (base_fails && first_of(judgement.findings, Severity::error) == nullptr) {
    return {Verdict::incomplete, fmt::format("the base fails too: {}", base->summary), {}};
  }
  judgement.summary = failure_summary(run, judgement.findings);
  return judgement;
}

Judgement judge_pass(const runtimes::RunOutcome& run, const BaselineResult* base) {
  Judgement judgement{run.verdict, run.summary, run.findings};
  if (base != nullptr) {
    judgement.findings = findings::introduced(base->findings, run.findings);
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
