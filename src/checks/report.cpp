#include "checks/report.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

namespace patchmill::checks {
namespace {

constexpr std::size_t k_most_findings = 1000;
constexpr std::size_t k_longest_message = 1000;
constexpr std::size_t k_longest_summary = 240;

// Text of a patch ends up in terminals, mails and pages: one line, no control characters.
std::string one_line(std::string_view text, std::size_t most) {
  return escape_terminal(ellipsize(collapse_whitespace(mend_utf8(text)), most));
}

}  // namespace

Report::Report(const Check& check, const Context& context) : m_tool(check.name()) {
  if (context.patch != nullptr) {
    m_label = context.patch->label;
  }
}

void Report::error(std::string_view rule, std::string message, Place place) {
  add(make_finding(findings::Severity::error, rule, std::move(message), std::move(place)));
}

void Report::warning(std::string_view rule, std::string message, Place place) {
  add(make_finding(findings::Severity::warning, rule, std::move(message), std::move(place)));
}

void Report::note(std::string_view rule, std::string message, Place place) {
  add(make_finding(findings::Severity::note, rule, std::move(message), std::move(place)));
}

void Report::add(findings::Finding finding) {
  if (finding.severity == findings::Severity::error) {
    ++m_errors;
  } else if (finding.severity == findings::Severity::warning) {
    ++m_warnings;
  }
  // An error is kept even when a flood of lesser things came first.
  if (m_outcome.findings.size() >= k_most_findings &&
      !(finding.severity == findings::Severity::error && m_errors <= k_most_findings)) {
    ++m_dropped;
    return;
  }
  finding.message = one_line(finding.message, k_longest_message);
  finding.file = one_line(finding.file, k_longest_message);
  finding.rule = one_line(finding.rule, k_longest_message);
  if (finding.tool.empty()) {
    finding.tool = m_tool;
  }
  if (finding.patch_label.empty()) {
    finding.patch_label = m_label;
  }
  m_outcome.findings.push_back(std::move(finding));
}

CheckOutcome Report::finish(std::string_view summary_if_clean) {
  if (clean()) {
    return finish_with(summary_if_clean);
  }
  const auto worst = m_errors > 0 ? findings::Severity::error : findings::Severity::warning;
  std::string text;
  for (const findings::Finding& finding : m_outcome.findings) {
    if (finding.severity == worst) {
      text = finding.file.empty() ? finding.message
             : finding.line > 0
                 ? fmt::format("{}:{}: {}", finding.file, finding.line, finding.message)
                 : fmt::format("{}: {}", finding.file, finding.message);
      break;
    }
  }
  const std::size_t more = m_errors + m_warnings - 1;
  text = ellipsize(text, k_longest_summary - 24);
  if (more > 0) {
    text += fmt::format(" (and {} more)", more);
  }
  return finish_with(text);
}

CheckOutcome Report::finish_with(std::string_view summary) {
  m_outcome.verdict = m_errors > 0     ? findings::Verdict::fail
                      : m_warnings > 0 ? findings::Verdict::warning
                                       : findings::Verdict::pass;
  m_outcome.summary = one_line(summary, k_longest_summary);
  if (m_dropped > 0) {
    // Past the bound on purpose: the reader has to know.
    findings::Finding more = make_finding(findings::Severity::note, "more",
                                          fmt::format("{} more findings are not shown", m_dropped));
    more.tool = m_tool;
    more.patch_label = m_label;
    m_outcome.findings.push_back(std::move(more));
  }
  return std::move(m_outcome);
}

findings::Finding make_finding(findings::Severity severity, std::string_view rule,
                               std::string message, Place place) {
  findings::Finding finding;
  finding.severity = severity;
  finding.rule = rule;
  finding.file = std::move(place.file);
  finding.line = place.line;
  finding.message = std::move(message);
  return finding;
}

CheckOutcome skipped(std::string_view why) {
  CheckOutcome outcome;
  outcome.verdict = findings::Verdict::skip;
  outcome.summary = one_line(why, k_longest_summary);
  return outcome;
}

CheckOutcome incomplete(std::string_view why) {
  CheckOutcome outcome;
  outcome.verdict = findings::Verdict::incomplete;
  outcome.summary = one_line(why, k_longest_summary);
  return outcome;
}

}  // namespace patchmill::checks
