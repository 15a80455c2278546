#include "runtimes/log_results.hpp"

#include "findings/compiler.hpp"
#include "findings/kernel_oops.hpp"
#include "findings/ktap.hpp"
#include "runtimes/sandbox_command.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace patchmill::runtimes {
namespace {

using findings::Finding;
using findings::Severity;
using findings::Verdict;

const Finding* first_error(const std::vector<Finding>& findings) {
  const auto it = std::find_if(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.severity == Severity::error;
  });
  return it == findings.end() ? nullptr : &*it;
}

std::string place_and_message(const Finding& finding) {
  std::string text;
  if (!finding.file.empty()) {
    text = finding.file + (finding.line > 0 ? fmt::format(":{}", finding.line) : "") + ": ";
  }
  return ellipsize(text + finding.message, 300);
}

void read_compiler(RunOutcome& outcome, bool described) {
  outcome.findings = findings::read_compiler_log(
      outcome.log.lines(), {.source_roots = {inside_source, inside_warm, inside_scratch}});
  if (outcome.verdict != Verdict::fail || described) {
    return;
  }
  if (const Finding* error = first_error(outcome.findings)) {
    const auto errors =
        std::count_if(outcome.findings.begin(), outcome.findings.end(),
                      [](const Finding& f) { return f.severity == Severity::error; });
    outcome.summary = fmt::format("{}: {}", count_of(errors, "error"), place_and_message(*error));
  }
}

// A build system hides the exit status of a shell that did not find a program.
void excuse_missing_tools(RunOutcome& outcome, std::span<const Finding> findings) {
  if (outcome.verdict != Verdict::fail) {
    return;
  }
  if (const auto tools = findings::missing_tools(outcome.log.lines(), findings)) {
    outcome.verdict = Verdict::incomplete;
    outcome.cause = pipeline::IncompleteCause::missing_tool;
    outcome.summary = tools->empty() ? "a program it needs is not installed (make says: Error 127)"
                                     : "not installed: " + ellipsize(*tools, 300);
  }
}

void read_tests(RunOutcome& outcome, bool described) {
  const auto report = findings::read_ktap(outcome.log.lines());
  auto crashes = findings::read_kernel_log(outcome.log.lines());
  const Finding* crash = first_error(crashes);
  const std::string crash_text = crash == nullptr ? std::string() : crash->message;
  const bool complaints = !crashes.empty();
  outcome.findings = std::move(crashes);
  if (report.passed + report.failed > 0) {
    outcome.tests = fmt::format("{} passed", report.passed);
    outcome.tests += report.failed > 0 ? fmt::format(", {} failed", report.failed) : "";
  }
  auto failed = findings::findings_of(report);
  std::move(failed.begin(), failed.end(), std::back_inserter(outcome.findings));
  // A run that was ended from outside, or asked to be skipped, proves nothing by what is missing.
  if (outcome.verdict == Verdict::incomplete || outcome.verdict == Verdict::skip) {
    return;
  }
  const Verdict tests = report.verdict();
  std::string summary = report.summary();
  if (!crash_text.empty()) {
    outcome.verdict = Verdict::fail;
    summary = "the kernel crashed: " + ellipsize(crash_text, 200) + "; " + summary;
  } else if (outcome.verdict == Verdict::fail || tests == Verdict::fail) {
    outcome.verdict = Verdict::fail;
    summary = report.failed > 0 ? summary : outcome.summary + "; " + summary;
  } else if (tests == Verdict::incomplete) {
    outcome.verdict = Verdict::incomplete;
  } else if (tests == Verdict::skip) {
    outcome.verdict = Verdict::skip;
  } else if (complaints) {
    outcome.verdict = Verdict::warning;
    summary += "; the kernel warned: " + ellipsize(outcome.findings.front().message, 200);
  }
  outcome.summary = described ? outcome.summary + " (" + summary + ")" : summary;
}

}  // namespace

void read_results(const pipeline::JobSpec& job, bool described, RunOutcome& outcome) {
  if (job.results == "compiler") {
    read_compiler(outcome, described);
    excuse_missing_tools(outcome, outcome.findings);
  } else if (job.results.empty() && outcome.verdict == Verdict::fail && !described) {
    // Whatever else it is, what make says last is what make says.
    constexpr std::size_t tail = 64u << 10;
    const std::uint64_t size = outcome.log.size();
    const std::string last = outcome.log.text(size - std::min<std::uint64_t>(size, tail), tail);
    const auto found = findings::read_compiler_log(
        last, {.source_roots = {inside_source, inside_warm, inside_scratch}});
    excuse_missing_tools(outcome, found);
  } else if (job.results == "ktap") {
    read_tests(outcome, described);
  }
}

}  // namespace patchmill::runtimes
