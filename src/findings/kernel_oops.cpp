#include "findings/kernel_oops.hpp"

#include "findings/log_lines.hpp"
#include "findings/normalise.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace patchmill::findings {
namespace {

constexpr std::size_t trace_functions = 5;
constexpr std::size_t max_event_lines = 200;
constexpr std::size_t max_oops_detail = 8192;

struct Pattern {
  std::string_view text;
  std::string_view rule;
  Severity severity;
};

// Sought anywhere in the line (architectures put words before them); the first hit wins.
constexpr std::array<Pattern, 37> patterns = {{
    {"BUG: KASAN: ", "KASAN", Severity::error},
    {"BUG: KMSAN: ", "KMSAN", Severity::error},
    {"BUG: KCSAN: ", "KCSAN", Severity::error},
    {"BUG: KFENCE: ", "KFENCE", Severity::error},
    {"UBSAN: ", "UBSAN", Severity::warning},
    {"WARNING: possible circular locking", "lockdep", Severity::warning},
    {"WARNING: possible recursive locking", "lockdep", Severity::warning},
    {"WARNING: possible irq lock inversion", "lockdep", Severity::warning},
    {"WARNING: inconsistent lock state", "lockdep", Severity::warning},
    {"WARNING: suspicious RCU usage", "lockdep", Severity::warning},
    {"WARNING: bad unlock balance", "lockdep", Severity::warning},
    {"WARNING: held lock freed", "lockdep", Severity::warning},
    {"WARNING: lock held when returning to user", "lockdep", Severity::warning},
    {"BUG: Invalid wait context", "lockdep", Severity::warning},
    {"[ BUG: Invalid wait context ]", "lockdep", Severity::warning},
    {"BUG: sleeping function called from invalid context", "BUG", Severity::error},
    {"BUG: scheduling while atomic", "BUG", Severity::error},
    {"BUG: soft lockup", "BUG", Severity::error},
    {"BUG: workqueue lockup", "BUG", Severity::error},
    {"BUG: spinlock", "BUG", Severity::error},
    {"BUG: unable to handle", "BUG", Severity::error},
    {"BUG: kernel NULL pointer", "BUG", Severity::error},
    {"BUG: Bad ", "BUG", Severity::error},
    {"BUG: stack guard page", "BUG", Severity::error},
    {"BUG: using ", "BUG", Severity::error},
    {"kernel BUG at ", "BUG", Severity::error},
    {"Unable to handle kernel ", "Oops", Severity::error},
    {"Internal error: ", "Oops", Severity::error},
    {"general protection fault", "Oops", Severity::error},
    {"Oops: ", "Oops", Severity::error},
    {"Kernel panic - not syncing", "panic", Severity::error},
    {"self-detected stall on CPU", "rcu-stall", Severity::warning},
    {"detected stalls on CPUs/tasks", "rcu-stall", Severity::warning},
    {"detected expedited stalls", "rcu-stall", Severity::warning},
    {" blocked for more than ", "hung-task", Severity::warning},
    {"refcount_t: ", "WARNING", Severity::warning},
    {"WARNING: ", "WARNING", Severity::warning},
}};

// Functions that every report passes through; they say nothing about the place.
bool is_plumbing(std::string_view function) {
  static constexpr std::array<std::string_view, 36> exact = {"dump_stack",
                                                             "dump_stack_lvl",
                                                             "show_stack",
                                                             "panic",
                                                             "__warn",
                                                             "report_bug",
                                                             "handle_bug",
                                                             "do_error_trap",
                                                             "oops_end",
                                                             "oops_exit",
                                                             "die",
                                                             "die_addr",
                                                             "__die",
                                                             "no_context",
                                                             "page_fault_oops",
                                                             "do_user_addr_fault",
                                                             "kernelmode_fixup_or_oops",
                                                             "print_report",
                                                             "kasan_report",
                                                             "check_region_inline",
                                                             "kasan_check_range",
                                                             "warn_slowpath_fmt",
                                                             "warn_slowpath_null",
                                                             "lockdep_rcu_suspicious",
                                                             "__lock_acquire",
                                                             "lock_acquire",
                                                             "validate_chain",
                                                             "mark_lock",
                                                             "___might_sleep",
                                                             "__might_sleep",
                                                             "__might_resched",
                                                             "ubsan_epilogue",
                                                             "segv",
                                                             "segv_handler",
                                                             "sig_handler",
                                                             "sig_handler_common"};
  if (std::find(exact.begin(), exact.end(), function) != exact.end()) {
    return true;
  }
  for (const std::string_view prefix :
       {"asm_exc_", "exc_", "__asan_", "__kasan_", "__ubsan_", "print_address", "print_circular",
        "warn_alloc", "kasan_", "check_noncircular", "check_prev", "hard_handler",
        "refcount_warn_saturate"}) {
    if (function.starts_with(prefix)) {
      return true;
    }
  }
  return false;
}

// "foo+0x12/0x34" at the start of `text`: its name, else empty.
std::string_view symbol_at(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && n < 128 &&
         ((text[n] >= 'a' && text[n] <= 'z') || (text[n] >= 'A' && text[n] <= 'Z') ||
          (text[n] >= '0' && text[n] <= '9') || text[n] == '_' || text[n] == '.' ||
          text[n] == '$')) {
    ++n;
  }
  return n > 0 && text.substr(n).starts_with("+0x") ? text.substr(0, n) : std::string_view{};
}

// A line of a call trace: " foo+0x1/0x2", " [<60012345>] foo+0x1/0x2". "? foo" is a guess of the
// unwinder and changes from run to run.
std::string_view trace_function(std::string_view line) {
  line = trim(line);
  if (line.starts_with("[<")) {
    const auto close = line.find(">]");
    if (close == std::string_view::npos) {
      return {};
    }
    line = trim(line.substr(close + 2));
  }
  return line.starts_with("? ") ? std::string_view{} : symbol_at(line);
}

// "RIP: 0010:foo+0x1/0x2", "pc : foo+0x1/0x2", "epc : foo+0x1/0x2", "NIP [c00] foo+0x1/0x2"
std::string_view instruction_function(std::string_view line) {
  line = trim(line);
  for (const std::string_view word : {"RIP: ", "pc : ", "epc : ", "NIP ", "PC is at "}) {
    if (line.starts_with(word)) {
      std::string_view rest = line.substr(word.size());
      if (const auto colon = rest.find(':'); colon < 6) {
        rest.remove_prefix(colon + 1);
      }
      if (const auto close = rest.find("] "); rest.starts_with('[') && close < rest.size()) {
        rest.remove_prefix(close + 2);
      }
      return symbol_at(rest);
    }
  }
  return {};
}

struct Event {
  Finding finding;
  std::string title;
  std::vector<std::string> functions;
  std::size_t lines = 0;
  bool crash = false;  // BUG or Oops: a panic after it is its consequence
};

const Pattern* match(std::string_view line) {
  // Cheap refusal of nearly all lines.
  if (line.find(": ") == std::string_view::npos && line.find("panic") == std::string_view::npos &&
      line.find("BUG") == std::string_view::npos && line.find("stall") == std::string_view::npos &&
      line.find("blocked for") == std::string_view::npos &&
      line.find("Unable to") == std::string_view::npos &&
      line.find("protection fault") == std::string_view::npos) {
    return nullptr;
  }
  for (const Pattern& pattern : patterns) {
    const auto at = line.find(pattern.text);
    if (at == std::string_view::npos) {
      continue;
    }
    // These are ordinary words elsewhere: only at the start of a message.
    const bool start_only = pattern.rule == "WARNING" || pattern.rule == "UBSAN" ||
                            pattern.text == "Internal error: " || pattern.text == "Oops: ";
    if (start_only && at != 0) {
      continue;
    }
    // "WARNING: modpost: …" and the like come from builds, not from a kernel.
    if (pattern.text == "WARNING: " && line.find("CPU: ") == std::string_view::npos &&
        line.find(" at ") == std::string_view::npos) {
      continue;
    }
    return &pattern;
  }
  return nullptr;
}

// Where "… at FILE:LINE …" or "kernel BUG at FILE:LINE!" says so.
void read_place(std::string_view line, Finding& finding) {
  std::string_view rest;
  if (const auto at = line.find(" at "); at != std::string_view::npos) {
    rest = line.substr(at + 4);
  } else if (const auto in = line.find(" in "); in != std::string_view::npos) {
    rest = line.substr(in + 4);
  } else if (line.starts_with("WARNING: ")) {
    rest = line.substr(9);
  }
  if (line.starts_with("WARNING: ") && !line.starts_with("WARNING: CPU")) {
    rest = line.substr(9);  // since 6.18: "WARNING: FILE:LINE at function, CPU#0: …"
  }
  const std::string_view place = rest.substr(0, rest.find_first_of(" !,"));
  const auto colon = place.find(':');
  if (colon == std::string_view::npos || place.find('.') == std::string_view::npos) {
    return;
  }
  const std::string_view number = place.substr(colon + 1);
  finding.file = normalise_path(place.substr(0, colon));
  finding.line =
      static_cast<int>(parse_uint(number.substr(0, number.find(':'))).value_or(0) % 100'000'000);
}

// The title without offsets, process names and CPU numbers.
std::string title_of(std::string_view line, const Pattern& pattern) {
  std::string_view text = line.substr(line.find(pattern.text));
  if (pattern.text == "WARNING: ") {
    return "WARNING";
  }
  if (pattern.rule == "rcu-stall") {
    return "RCU stall";
  }
  if (pattern.rule == "hung-task") {
    return "task blocked for too long";
  }
  if (pattern.text == "Oops: " || pattern.text == "Internal error: ") {
    return std::string(trim(text.substr(0, text.find('['))));
  }
  for (const std::string_view cut : {"+0x", ", address: ", " address ", " at addr", " - CPU#",
                                     ": comm ", ", ip ", " at virtual"}) {
    text = text.substr(0, text.find(cut));
  }
  return ellipsize(text, 200);
}

class OopsReader {
 public:
  explicit OopsReader(std::size_t max_events) : m_max(max_events) {}

  void line(std::string_view raw) {
    const std::string_view text = strip_kernel_prefix(raw);
    if (const Pattern* pattern = match(text)) {
      if (continues(*pattern)) {
        remember(text);
        return;
      }
      finish();
      begin(text, *pattern);
      return;
    }
    if (!m_event) {
      return;
    }
    remember(text);
    if (text.find("---[ end ") != std::string_view::npos || text.find("Rebooting in") == 0 ||
        ++m_event->lines > max_event_lines) {
      // A panic may still follow the end of an oops: keep it open, but take no more functions.
      m_event->lines = max_event_lines;
      return;
    }
    if (const std::string_view function = instruction_function(text); !function.empty()) {
      // The instruction is the place itself, before every caller.
      add_function(function, true);
    } else if (const std::string_view caller = trace_function(text); !caller.empty()) {
      add_function(caller, false);
    } else if (m_event->finding.file.empty() && text.starts_with("kernel BUG at ")) {
      read_place(text, m_event->finding);
    }
  }

  std::vector<Finding> take() {
    finish();
    return std::move(m_findings);
  }

 private:
  // Whether a header belongs to the event that is open.
  bool continues(const Pattern& pattern) const {
    if (!m_event) {
      return false;
    }
    if (pattern.rule == "panic" || pattern.rule == "Oops") {
      return m_event->crash;
    }
    // "refcount_t: underflow" explains the WARNING before or after it.
    return pattern.text == "refcount_t: " && m_event->finding.rule == "WARNING" &&
           m_event->lines < 8;
  }

  void begin(std::string_view text, const Pattern& pattern) {
    if (m_findings.size() >= m_max) {
      return;
    }
    Event event;
    event.finding.tool = "kernel";
    event.finding.rule = pattern.rule;
    event.finding.severity = pattern.severity;
    event.title = title_of(text, pattern);
    event.crash = pattern.rule == "BUG" || pattern.rule == "Oops" || pattern.rule == "KASAN" ||
                  pattern.rule == "KFENCE" || pattern.rule == "panic";
    read_place(text, event.finding);
    m_event = std::move(event);
    remember(text);
    // "… in foo+0x1/0x2" and "WARNING: CPU: 0 PID: 1 at FILE:LINE foo+0x1/0x2"
    const auto plus = text.find("+0x");
    if (plus != std::string_view::npos) {
      const auto space = text.rfind(' ', plus);
      add_function(symbol_at(text.substr(space == std::string_view::npos ? 0 : space + 1)), true);
    }
  }

  void add_function(std::string_view name, bool front) {
    const std::string function = normalise_function(name);
    auto& functions = m_event->functions;
    if (function.empty() || is_plumbing(function) ||
        std::find(functions.begin(), functions.end(), function) != functions.end()) {
      return;
    }
    if (front && m_event->finding.function.empty()) {
      functions.insert(functions.begin(), function);
      m_event->finding.function = function;
    } else if (functions.size() < trace_functions && m_event->lines < max_event_lines) {
      functions.push_back(function);
    }
  }

  void remember(std::string_view text) {
    std::string& detail = m_event->finding.detail;
    if (detail.size() + text.size() < max_oops_detail) {
      detail.append(text).push_back('\n');
    }
  }

  void finish() {
    if (!m_event) {
      return;
    }
    Finding& finding = m_event->finding;
    auto& functions = m_event->functions;
    if (functions.size() > trace_functions) {
      functions.resize(trace_functions);
    }
    if (finding.function.empty() && !functions.empty()) {
      finding.function = functions.front();
    }
    finding.message = m_event->title;
    if (!functions.empty()) {
      finding.message += " [" + join(functions, " < ") + "]";
    }
    m_findings.push_back(std::move(finding));
    m_event.reset();
  }

  std::size_t m_max;
  std::vector<Finding> m_findings;
  std::optional<Event> m_event;
};

}  // namespace

std::vector<Finding> read_kernel_log(LogLines lines, std::size_t max_events) {
  OopsReader reader(max_events);
  std::string_view line;
  while (lines.next(line)) {
    reader.line(line);
  }
  return reader.take();
}

}  // namespace patchmill::findings
