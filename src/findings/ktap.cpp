#include "findings/ktap.hpp"

#include "findings/ktap_line.hpp"
#include "findings/log_lines.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <optional>

namespace patchmill::findings {
namespace {

constexpr std::size_t max_levels = 16;
constexpr std::size_t max_results = 50'000;
constexpr std::size_t max_name = 256;
constexpr std::size_t max_diagnostics = 2048;
constexpr std::size_t max_problems = 50;

// The tests of one level, until the result line of their parent names them.
struct Block {
  std::size_t level = 0;
  std::string subtest;  // "# Subtest: name"
  std::optional<std::size_t> plan;
  bool hashed = false;  // its lines start with "# "
  std::size_t count = 0;
  std::size_t first = 0;  // index of its first result in the report
};

class KtapReader {
 public:
  void line(std::string_view raw) {
    const auto parsed =
        parse_ktap_line(strip_kernel_prefix(raw), !m_blocks.empty() && m_blocks.back().hashed);
    if (!parsed) {
      other(strip_kernel_prefix(raw));
      return;
    }
    const KtapLine& line = *parsed;
    m_after_diagnostic = line.kind == KtapLine::Kind::diagnostic;
    switch (line.kind) {
      case KtapLine::Kind::diagnostic:
        note(line.text);
        return;
      case KtapLine::Kind::bail_out:
        m_report.found = true;
        m_bailed = true;
        problem("bail out: " + (line.text.empty() ? "no reason given" : line.text));
        return;
      case KtapLine::Kind::version:
        version(line);
        return;
      case KtapLine::Kind::subtest:
        if (Block* block = open(line.level)) {
          block->subtest = ellipsize(line.text, max_name);
        }
        return;
      case KtapLine::Kind::plan:
        plan(line);
        return;
      case KtapLine::Kind::result:
        result(line);
        return;
    }
  }

  KtapReport take() {
    while (!m_blocks.empty()) {
      close({}, false);
    }
    if (!m_report.found) {
      problem("no (K)TAP output");
    }
    m_report.complete = m_report.found && !m_bailed && m_report.missing == 0 && !m_short;
    for (const TestResult& test : m_report.results) {
      if (!test.group) {
        m_report.passed += test.result == Verdict::pass ? 1 : 0;
        m_report.failed += test.result == Verdict::fail ? 1 : 0;
        m_report.skipped += test.result == Verdict::skip ? 1 : 0;
      }
    }
    return std::move(m_report);
  }

 private:
  void version(const KtapLine& line) {
    m_report.found = true;
    m_started = true;
    // A second header at the outermost level starts a new, independent report.
    if (!m_blocks.empty() && line.level <= m_blocks.front().level) {
      while (!m_blocks.empty()) {
        close({}, false);
      }
    }
    if (line.level > 0 && m_blocks.empty()) {
      open(0);
    }
    if (Block* block = open(line.level)) {
      block->hashed = line.hashed;
    }
    m_diagnostics.clear();
  }

  void plan(const KtapLine& line) {
    // Not every "1..5" on a console is a plan; without a header only one at the margin counts.
    if (!m_started && line.level > 0) {
      return;
    }
    m_report.found = true;
    if (Block* block = open(line.level)) {
      if (block->plan && *block->plan != line.number) {
        problem(fmt::format("two plans in one block: 1..{} and 1..{}", *block->plan, line.number));
      }
      block->plan = line.number;
      block->hashed = block->hashed || line.hashed;
      if (line.number == 0) {
        // "1..0 # SKIP reason": the whole block is skipped.
        add(line.reason.empty() ? line.text : line.reason, Verdict::skip,
            line.reason.empty() ? "skipped" : line.reason, false, false);
        block->plan.reset();
      }
    }
    m_diagnostics.clear();
  }

  void result(const KtapLine& line) {
    if (!m_started && m_blocks.empty() && line.number == 0) {
      return;  // "ok" in ordinary output
    }
    m_report.found = true;
    // The blocks deeper than this line belong to this test.
    bool group = false, explained = false;
    while (!m_blocks.empty() && m_blocks.back().level > line.level) {
      const bool own = m_blocks.size() < 2 || m_blocks[m_blocks.size() - 2].level <= line.level;
      const std::size_t first = m_blocks.back().first;
      close(own ? line.text : std::string(), own);
      group = true;
      explained = explained || any_trouble(first);
    }
    Block* block = open(line.level);
    if (block == nullptr) {
      return;
    }
    ++block->count;
    if (line.number != 0 && line.number != block->count) {
      problem(fmt::format("test {} came as number {} ({})", block->count, line.number,
                          ellipsize(line.text, 80)));
    }
    Verdict verdict = line.ok ? Verdict::pass : Verdict::fail;
    std::string message = line.reason;
    if (line.directive == "SKIP") {
      verdict = Verdict::skip;
    } else if ((line.directive == "TODO" || line.directive == "XFAIL") && !line.ok) {
      verdict = Verdict::skip;
      message = line.directive + (message.empty() ? "" : " " + message);
    } else if (line.directive == "TIMEOUT" || line.directive == "ERROR") {
      verdict = Verdict::fail;
      message = line.directive + (message.empty() ? "" : " " + message);
    }
    add(line.text.empty() ? std::to_string(line.number) : line.text, verdict, message, group,
        explained);
  }

  [[nodiscard]] bool any_trouble(std::size_t first) const {
    for (std::size_t i = first; i < m_report.results.size(); ++i) {
      const Verdict verdict = m_report.results[i].result;
      if (verdict == Verdict::fail || verdict == Verdict::incomplete) {
        return true;
      }
    }
    return false;
  }

  // Lines that are no TAP: kept where they continue a diagnostic (KUnit's expectations do).
  void other(std::string_view line) {
    if (m_after_diagnostic && !line.empty() && (line.front() == ' ' || line.front() == '\t')) {
      note(trim(line));
    } else {
      m_after_diagnostic = false;
    }
  }

  void note(std::string_view text) {
    if (text.starts_with("Totals: ") || text.find(": pass:") != std::string_view::npos) {
      return;
    }
    if (m_diagnostics.size() + text.size() < max_diagnostics) {
      if (!m_diagnostics.empty()) {
        m_diagnostics.push_back('\n');
      }
      m_diagnostics.append(text);
    }
  }

  // The block of this level: blocks deeper than it are closed as cut off, a missing one is made.
  Block* open(std::size_t level) {
    while (!m_blocks.empty() && m_blocks.back().level > level) {
      close(m_blocks.back().subtest, false);
    }
    if (!m_blocks.empty() && m_blocks.back().level == level) {
      return &m_blocks.back();
    }
    if (m_blocks.size() >= max_levels) {
      problem(fmt::format("more than {} levels of subtests; deeper ones are not read", max_levels));
      return nullptr;
    }
    Block block;
    block.level = level;
    block.first = m_report.results.size();
    m_blocks.push_back(std::move(block));
    return &m_blocks.back();
  }

  // Ends the innermost block; its tests get their parent's name. `reported`: by a result line.
  void close(std::string_view parent, bool reported) {
    Block block = std::move(m_blocks.back());
    m_blocks.pop_back();
    std::string name = parent.empty() ? block.subtest : ellipsize(parent, max_name);
    const std::size_t planned = block.plan.value_or(block.count);
    if (planned > block.count) {
      const std::size_t lost = planned - block.count;
      m_report.missing += lost;
      m_short = true;
      const std::string last =
          m_report.results.size() > block.first ? m_report.results.back().name : std::string();
      std::string text =
          fmt::format("{} of {} gave no result", lost, count_of(planned, "planned test"));
      if (!last.empty()) {
        text += " (the last was " + ellipsize(last, 120) + ")";
      }
      problem((name.empty() ? "" : name + ": ") + text);
      append({"(missing)", Verdict::incomplete, text, m_diagnostics, false, false});
    } else if (block.plan && block.count > planned) {
      problem(fmt::format("{}{}, but a plan of {}", name.empty() ? "" : name + ": ",
                          count_of(block.count, "result"), planned));
    }
    if (!block.subtest.empty() && !reported) {
      // The group was announced, but its own result never came.
      m_short = true;
      append({"(missing)", Verdict::incomplete, "the group never reported its result",
              m_diagnostics, true, false});
    }
    if (!block.plan && block.count > 0 && m_blocks.empty()) {
      problem("no plan (1..N): results may be missing unnoticed");
    }
    if (!name.empty() && (reported || !m_blocks.empty())) {
      for (std::size_t i = block.first; i < m_report.results.size(); ++i) {
        std::string& test = m_report.results[i].name;
        test = name + "." + test;
      }
    }
  }

  void add(std::string_view name, Verdict verdict, std::string_view message, bool group,
           bool explained) {
    append({ellipsize(trim(name), max_name), verdict, ellipsize(message, 512),
            std::move(m_diagnostics), group, explained});
    m_diagnostics.clear();
  }

  void append(TestResult test) {
    if (m_report.results.size() >= max_results) {
      problem(fmt::format("more than {} results; the rest is not read", max_results));
      m_short = true;
      return;
    }
    m_report.results.push_back(std::move(test));
  }

  void problem(std::string text) {
    auto& problems = m_report.problems;
    if (problems.size() < max_problems && (problems.empty() || problems.back() != text)) {
      problems.push_back(std::move(text));
    }
  }

  KtapReport m_report;
  std::vector<Block> m_blocks;
  std::string m_diagnostics;
  bool m_started = false, m_bailed = false, m_short = false, m_after_diagnostic = false;
};

}  // namespace

KtapReport read_ktap(LogLines lines) {
  KtapReader reader;
  std::string_view line;
  while (lines.next(line)) {
    reader.line(line);
  }
  return reader.take();
}

Verdict KtapReport::verdict() const {
  if (failed > 0) {
    return Verdict::fail;
  }
  for (const TestResult& test : results) {
    if (test.result == Verdict::fail) {
      return Verdict::fail;  // a group that failed although its tests passed
    }
  }
  if (!complete || results.empty()) {
    return Verdict::incomplete;
  }
  return passed == 0 ? Verdict::skip : Verdict::pass;
}

std::string KtapReport::summary() const {
  if (!found) {
    return "no test results in the output";
  }
  std::string text = fmt::format("{} passed", passed);
  if (failed > 0) {
    text += fmt::format(", {} failed", failed);
    for (const TestResult& test : results) {
      if (test.result == Verdict::fail && !test.group) {
        text += " (" + ellipsize(test.name, 80) + (failed > 1 ? ", …)" : ")");
        break;
      }
    }
  }
  if (skipped > 0) {
    text += fmt::format(", {} skipped", skipped);
  }
  if (missing > 0) {
    text += fmt::format(", {} without result", missing);
  } else if (!complete && !problems.empty()) {
    text += "; " + problems.front();
  }
  return text;
}

std::vector<Finding> findings_of(const KtapReport& report) {
  std::vector<Finding> result;
  for (const TestResult& test : report.results) {
    if ((test.result != Verdict::fail && test.result != Verdict::incomplete) || test.explained) {
      continue;
    }
    Finding finding;
    finding.severity = test.result == Verdict::fail ? Severity::error : Severity::warning;
    finding.tool = "ktap";
    finding.rule = test.name;
    finding.message = test.result == Verdict::fail
                          ? "test failed" + (test.message.empty() ? "" : ": " + test.message)
                          : "no result: " + test.message;
    finding.detail = test.diagnostics;
    // KUnit: "EXPECTATION FAILED at lib/list-test.c:123"
    constexpr std::string_view marker = " FAILED at ";
    if (const auto at = test.diagnostics.find(marker); at != std::string::npos) {
      const std::string_view place = std::string_view(test.diagnostics).substr(at + marker.size());
      const auto colon = place.find(':');
      const auto end = place.find('\n');
      if (colon != std::string_view::npos && (end == std::string_view::npos || colon < end)) {
        finding.file = place.substr(0, colon);
        finding.line =
            static_cast<int>(parse_uint(trim(place.substr(colon + 1, end == std::string_view::npos
                                                                         ? std::string_view::npos
                                                                         : end - colon - 1)))
                                 .value_or(0) %
                             100'000'000);
      }
    }
    result.push_back(std::move(finding));
  }
  return result;
}

}  // namespace patchmill::findings
