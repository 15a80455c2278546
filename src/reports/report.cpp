#include "reports/report.hpp"

#include "mail/header_encode.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace patchmill::reports {
namespace {

using findings::Finding;
using findings::Severity;
using findings::Verdict;

// A mail is read by people: what is longer is behind the link.
constexpr std::size_t k_entries = 20;
constexpr std::size_t k_lines = 10;
constexpr std::size_t k_excerpt = 6;  // further lines of one finding
constexpr std::size_t k_fixed = 10;
constexpr std::size_t k_most_names = 40;
constexpr std::size_t k_line_bytes = 300;

std::string clean(std::string_view text, std::size_t max = k_line_bytes) {
  // Cut first: hostile summaries may be long.
  return mail::header_text(ellipsize(mail::header_text(text.substr(0, 4 * max)), max));
}

std::string line_of(const Finding& finding) {
  std::string where = finding.file;
  if (!where.empty() && finding.line > 0) {
    where += fmt::format(":{}", finding.line);
  }
  const std::string_view first =
      std::string_view(finding.message).substr(0, finding.message.find('\n'));
  std::string text = where.empty() ? "" : where + ": ";
  if (!where.empty() || finding.severity != Severity::note) {
    text += fmt::format("{}: ", findings::to_string(finding.severity));
  }
  if (finding.tool == "ktap" && !finding.rule.empty() && finding.rule != first) {
    text = fmt::format("not ok {}: ", finding.rule);
  }
  text += first;
  const bool names_rule = finding.rule.empty() || finding.tool == "ktap" ||
                          first.find(finding.rule) != std::string_view::npos;
  return clean(names_rule ? text : fmt::format("{} [{}]", text, finding.rule));
}

// Whether a summary says all of it already: where and what.
bool says(std::string_view summary, const Finding& finding) {
  const std::string_view first =
      std::string_view(finding.message).substr(0, finding.message.find('\n'));
  return !first.empty() && summary.find(clean(first)) != std::string_view::npos &&
         summary.find(clean(finding.file)) != std::string_view::npos;
}

std::string replaced(std::string pattern, std::string_view word, std::int64_t number) {
  const std::size_t at = pattern.find(word);
  return at == std::string::npos ? pattern
                                 : pattern.replace(at, word.size(), std::to_string(number));
}

// An id that can stand unquoted on a command line.
bool is_shell_word(std::string_view id) {
  return !id.empty() && id.front() != '-' && id.size() < 200 &&
         std::all_of(
             id.begin(), id.end(),
             [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      std::string_view("@._+-=%").find(c) != std::string_view::npos;
             });
}

bool is_commit(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string reproduce_command(const ReportInput& input, const pipeline::Node& node) {
  if (!node.reproducer.empty() && !input.links.reproducer.empty()) {
    return fmt::format("curl -sSf {} | sh", replaced(input.links.reproducer, "{node}", node.id));
  }
  const std::string& id = input.series->cover_msgid.empty() && !input.series->patches.empty()
                              ? input.series->patches.front().msgid
                              : input.series->cover_msgid;
  if (!is_shell_word(id)) {
    return "";
  }
  return fmt::format("b4 am -o- {} | patchmill try{} -", id,
                     is_commit(input.base_commit)
                         ? fmt::format(" --base {}", input.base_commit.substr(0, 12))
                         : "");
}

bool ran(const pipeline::Node& node) {
  return node.result && *node.result != Verdict::skip && *node.result != Verdict::incomplete;
}

// What it did not find this time may still be there: it did not end, or stopped at what it found (a
// compiler at the first file, a kernel that crashed). Test results and built-in checks are whole.
bool stopped_early(const NodeFindings& one) {
  if (one.node.result == Verdict::incomplete) {
    return true;
  }
  const bool all_tests =
      !one.findings.empty() && std::all_of(one.findings.begin(), one.findings.end(),
                                           [](const Finding& f) { return f.tool == "ktap"; });
  return one.node.result == Verdict::fail && one.node.kind != pipeline::NodeKind::check &&
         !all_tests;
}

bool complains(const pipeline::Node& node) {
  return node.result == Verdict::fail || node.result == Verdict::warning;
}

// The last number before a word in "boot tests passed (12 passed, 1 failed (x), 3 skipped)".
std::size_t number_before(std::string_view summary, std::string_view word) {
  for (std::size_t at = summary.rfind(word); at != std::string_view::npos && at > 0;
       at = summary.rfind(word, at - 1)) {
    std::size_t start = at;
    while (start > 0 && summary[start - 1] >= '0' && summary[start - 1] <= '9') {
      --start;
    }
    if (start < at) {
      return parse_uint(summary.substr(start, at - start)).value_or(0);
    }
  }
  return 0;
}

class Builder {
 public:
  explicit Builder(const ReportInput& input) : m_input(input) {}

  Report build() {
    name_series();
    for (const auto& before : m_input.previous) {
      for (const auto& finding : before.findings) {
        ++m_before[finding.fingerprint()];
      }
    }
    for (const auto& node : m_input.nodes) {
      add(node);
    }
    std::stable_sort(m_report.entries.begin(), m_report.entries.end(),
                     [](const ReportEntry& a, const ReportEntry& b) {
                       return std::pair(a.verdict != Verdict::fail, a.check_class) <
                              std::pair(b.verdict != Verdict::fail, b.check_class);
                     });
    if (m_report.entries.size() > k_entries) {
      m_report.entries.resize(k_entries);
    }
    add_fixed();
    return std::move(m_report);
  }

 private:
  void name_series() {
    const tracker::Series& series = *m_input.series;
    m_report.series = series.number;
    m_report.version = series.version;
    m_report.project = clean(m_input.project);
    m_report.title = clean(series.name);
    m_report.patches = series.patches.size();
    m_report.submitter = {clean(series.submitter.name, 100), series.submitter.email};
    m_report.is_rfc = series.is_rfc;
    m_report.posted = series.date;
    m_report.lists = series.list_ids;
    m_report.base_commit = is_commit(m_input.base_commit) ? m_input.base_commit : "";
    m_report.base_described = clean(m_input.base_described);
    m_report.verdict = m_input.verdict.verdict;
    m_report.reason = clean(m_input.verdict.reason, 600);
    m_report.content_key = m_input.verdict.content_key;
    m_report.previous_version = m_input.previous_version;
    m_report.url = replaced(m_input.links.series, "{series}", series.number);
  }

  void add(const NodeFindings& one) {
    const pipeline::Node& node = one.node;
    if (m_report.tree.empty()) {
      m_report.tree = clean(node.tree);
    }
    if (node.kind == pipeline::NodeKind::checkout || !node.result) {
      return;
    }
    const std::string name = clean(node.name, 100);
    count_tests(node, name);
    if (*node.result == Verdict::pass) {
      add_once(m_report.passed, name);
    } else if (*node.result == Verdict::incomplete) {
      if (m_report.not_run.size() < k_most_names) {
        m_report.not_run.emplace_back(name, clean(node.summary));
      }
    } else if (complains(node)) {
      m_report.entries.push_back(entry_of(one, name));
    }
    // A check that passes on some patches and not on others has not passed.
    for (const auto& entry : m_report.entries) {
      std::erase(m_report.passed, entry.name);
    }
  }

  static void add_once(std::vector<std::string>& names, const std::string& name) {
    if (names.size() < k_most_names && std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(name);
    }
  }

  void count_tests(const pipeline::Node& node, const std::string& name) {
    if (class_of(node, m_input.classes) != CheckClass::test || !ran(node)) {
      return;
    }
    add_once(m_report.suites, name);
    const std::size_t passed = number_before(node.summary, " passed");
    const std::size_t failed = number_before(node.summary, " failed");
    if (passed + failed > 0) {
      m_report.tests_passed += passed;
      m_report.tests_total += passed + failed;
    } else {
      m_report.tests_passed += *node.result != Verdict::fail ? 1u : 0u;
      m_report.tests_total += 1;
    }
  }

  ReportEntry entry_of(const NodeFindings& one, const std::string& name) {
    const pipeline::Node& node = one.node;
    ReportEntry entry;
    entry.node = node.id;
    entry.name = name;
    entry.check_class = class_of(node, m_input.classes);
    entry.patch = node.patch;
    for (const auto& patch : m_input.series->patches) {
      if (node.patch && patch.number == *node.patch) {
        entry.patch_title = clean(patch.title, 200);
      }
    }
    entry.verdict = *node.result;
    entry.summary = clean(node.summary, 400);
    std::set<std::string> said;
    for (const Severity severity : {Severity::error, Severity::warning, Severity::note}) {
      for (const auto& finding : one.findings) {
        if (finding.severity != severity || !said.insert(line_of(finding)).second) {
          continue;
        }
        const bool known = m_before.contains(finding.fingerprint());
        if (!known && says(entry.summary, finding)) {
          add_excerpt(entry, finding.message);
        } else if (entry.lines.size() < k_lines) {
          entry.lines.push_back({line_of(finding), known});
          add_excerpt(entry, finding.message);
        } else {
          ++entry.more_lines;
        }
      }
    }
    if (one.has_log && !m_input.links.log.empty()) {
      entry.log = replaced(m_input.links.log, "{node}", node.id);
    }
    entry.reproduce = reproduce_command(m_input, node);
    return entry;
  }

  // The lines after the first: what a hunk looked for, for example.
  static void add_excerpt(ReportEntry& entry, std::string_view message) {
    const auto lines = split_lines(message);
    for (std::size_t i = 1; i < lines.size() && i <= k_excerpt && entry.lines.size() < k_lines;
         ++i) {
      entry.lines.push_back({"| " + clean(lines[i]), false});
    }
  }

  // Fixed is only what the same check would have said again: it ran to its end on this revision.
  void add_fixed() {
    std::unordered_set<std::string> again, unknown, now;
    for (const auto& one : m_input.nodes) {
      if (stopped_early(one)) {
        unknown.insert(one.node.name);
      } else if (ran(one.node)) {
        again.insert(one.node.name);
      }
      for (const auto& finding : one.findings) {
        now.insert(finding.fingerprint());
      }
    }
    for (const auto& one : m_input.previous) {
      if (!complains(one.node) || !again.contains(one.node.name) ||
          unknown.contains(one.node.name)) {
        continue;
      }
      for (const auto& finding : one.findings) {
        if (!now.insert(finding.fingerprint()).second) {
          continue;
        }
        if (m_report.fixed.size() < k_fixed) {
          m_report.fixed.push_back({clean(one.node.name, 100), line_of(finding)});
        } else {
          ++m_report.more_fixed;
        }
      }
      if (one.findings.empty() && passes_now(one.node.name)) {
        m_report.fixed.push_back({clean(one.node.name, 100), clean(one.node.summary)});
      }
    }
  }

  [[nodiscard]] bool passes_now(const std::string& name) const {
    return std::none_of(m_input.nodes.begin(), m_input.nodes.end(), [&](const NodeFindings& one) {
      return one.node.name == name && one.node.result != Verdict::pass;
    });
  }

  const ReportInput& m_input;
  Report m_report;
  std::unordered_map<std::string, std::size_t> m_before;
};

}  // namespace

Links Links::at(std::string_view base_url) {
  std::string base(base_url);
  while (base.ends_with('/')) {
    base.pop_back();
  }
  if (base.empty()) {
    return {};
  }
  return {base + "/series/{series}", base + "/nodes/{node}/log", base + "/nodes/{node}/reproducer"};
}

CheckClass Report::main_class() const {
  return entries.empty() ? CheckClass::other : entries.front().check_class;
}

Report build_report(const ReportInput& input) {
  return Builder(input).build();
}

}  // namespace patchmill::reports
