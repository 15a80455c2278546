#include "findings/compiler.hpp"

#include "findings/diagnostic_line.hpp"
#include "findings/log_lines.hpp"
#include "findings/normalise.hpp"
#include "findings/tool_lines.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace patchmill::findings {
namespace {

constexpr std::size_t max_compiler_detail = 4096;

// What follows from another error and says nothing of its own.
bool is_consequence(std::string_view text) {
  return text == "all warnings being treated as errors" ||
         text == "some warnings being treated as errors" || text.starts_with("ld returned ") ||
         text.starts_with("linker command failed") || text.starts_with("aborting due to ") ||
         text.ends_with(" warnings emitted");
}

class CompilerReader {
 public:
  explicit CompilerReader(const CompilerOptions& options) : m_options(options) {}

  void line(std::string_view text) {
    if (text.starts_with("In file included from ") ||
        (m_including && text.starts_with("                 from "))) {
      m_including = true;
      remember(m_included, text);
      return;
    }
    m_including = false;
    if (rust_place(text) || context(text)) {
      return;
    }
    if (auto special = parse_tool_line(text, m_object_function)) {
      m_included.clear();
      if (special->consequence) {
        keep_consequence(std::move(special->finding));
      } else {
        add(std::move(special->finding));
      }
      return;
    }
    if (const auto diagnostic = parse_diagnostic(text)) {
      diagnose(*diagnostic);
    }
  }

  std::vector<Finding> take() {
    const bool errors = std::any_of(m_findings.begin(), m_findings.end(),
                                    [](const Finding& f) { return f.severity == Severity::error; });
    // "make: *** [x] Error 1" matters only where nothing said why.
    if (!errors && m_has_consequence) {
      add(std::move(m_consequence));
    }
    return std::move(m_findings);
  }

 private:
  // "file: In function 'f':", "file: At top level:", "file: Assembler messages:"
  bool context(std::string_view text) {
    if (text.starts_with("    inlined from ")) {
      m_inlined_into = normalise_function(unquote(text));  // the last one is the outermost
      return true;
    }
    if (!text.ends_with(':')) {
      return false;
    }
    if (text.ends_with(": Assembler messages:")) {
      m_assembler = true;
      return true;
    }
    if (text.ends_with(": At top level:") || text.ends_with(": At global scope:")) {
      m_function.clear();
      return true;
    }
    for (const std::string_view word :
         {": In function ", ": In member function ", ": In constructor ", ": in function "}) {
      const auto at = text.find(word);
      if (at == std::string_view::npos) {
        continue;
      }
      const std::string name = normalise_function(unquote(text.substr(at + word.size())));
      if (word == ": in function ") {
        m_object_function = name;  // the linker's: for "undefined reference" lines
      } else {
        m_function = name;
        m_function_file = path_of(text.substr(0, at));
      }
      return true;
    }
    return false;
  }

  // rustc prints "error[E0425]: text" and on the next line "  --> file:12:5".
  bool rust_place(std::string_view text) {
    const std::string_view trimmed = trim(text);
    if (m_rust_open && trimmed.starts_with("--> ")) {
      const std::string at = std::string(trimmed.substr(4)) + ": error: x";
      if (const auto parsed = parse_diagnostic(at)) {
        m_findings.back().file = path_of(parsed->file);
        m_findings.back().line = parsed->line;
      }
      m_rust_open = false;
      return true;
    }
    m_rust_open = false;
    for (const auto& [word, severity] :
         {std::pair{std::string_view("error"), Severity::error},
          std::pair{std::string_view("warning"), Severity::warning}}) {
      if (!text.starts_with(word)) {
        continue;
      }
      std::string_view rest = text.substr(word.size());
      std::string rule;
      if (rest.starts_with("[")) {
        const auto close = rest.find(']');
        if (close == std::string_view::npos) {
          return false;
        }
        rule = rest.substr(1, close - 1);
        rest.remove_prefix(close + 1);
      }
      if (!rest.starts_with(": ") || is_consequence(trim(rest.substr(2)))) {
        return false;
      }
      Finding finding;
      finding.severity = severity;
      finding.tool = rule.empty() ? "cc" : "rustc";
      finding.rule = std::move(rule);
      finding.message = trim(rest.substr(2));
      m_rust_open = add(std::move(finding));
      return true;
    }
    return false;
  }

  void diagnose(const DiagnosticLine& diagnostic) {
    if (is_consequence(diagnostic.text)) {
      return;
    }
    if (diagnostic.level == DiagnosticLevel::note) {
      if (!m_findings.empty()) {
        remember(m_findings.back().detail,
                 place_text(diagnostic) + "note: " + std::string(diagnostic.text));
      }
      return;
    }
    Finding finding;
    finding.severity =
        diagnostic.level == DiagnosticLevel::error ? Severity::error : Severity::warning;
    finding.file = path_of(diagnostic.file);
    finding.line = diagnostic.line;
    finding.message = diagnostic.text;
    finding.rule = rule_of(diagnostic.flag);
    finding.tool = tool_of(diagnostic, finding.file);
    if (finding.tool == "objtool") {
      split_objtool(finding);
    } else if (!m_inlined_into.empty()) {
      finding.function = std::move(m_inlined_into);
    } else if (finding.file == m_function_file) {
      finding.function = m_function;
    }
    m_inlined_into.clear();
    finding.detail = std::move(m_included);
    m_included.clear();
    add(std::move(finding));
  }

  std::string tool_of(const DiagnosticLine& diagnostic, const std::string& file) {
    if (diagnostic.program == "dtc") {
      return "dtc";
    }
    if (diagnostic.program == "ld" || diagnostic.file.ends_with("/ld") ||
        diagnostic.program.starts_with("ld.")) {
      return "ld";
    }
    if (diagnostic.text.starts_with("objtool: ")) {
      return "objtool";
    }
    if (m_assembler && file.ends_with(".S")) {
      return "as";
    }
    if (file.find("Kconfig") != std::string::npos || file.ends_with("config")) {
      return "kconfig";
    }
    return "cc";
  }

  static std::string rule_of(std::string_view flag) {
    if (flag.starts_with("-Werror=")) {
      return "-W" + std::string(flag.substr(8));
    }
    return std::string(flag);
  }

  // "objtool: foo+0x12: unreachable instruction", "objtool: foo(): ..."
  static void split_objtool(Finding& finding) {
    std::string_view text = std::string_view(finding.message).substr(9);
    const auto colon = text.find(": ");
    if (colon != std::string_view::npos) {
      const std::string_view name = text.substr(0, text.find_first_of("+("));
      finding.function = normalise_function(name.size() < colon ? name : text.substr(0, colon));
      text = text.substr(colon + 2);
    }
    finding.message = std::string(text);
  }

  static std::string place_text(const DiagnosticLine& diagnostic) {
    if (diagnostic.file.empty()) {
      return {};
    }
    return std::string(diagnostic.file) + ":" + std::to_string(diagnostic.line) + ": ";
  }

  std::string path_of(std::string_view path) const {
    std::string clean = normalise_path(path);
    for (const std::string& root : m_options.source_roots) {
      const std::string prefix = normalise_path(root);
      if (clean.size() > prefix.size() && clean.starts_with(prefix) &&
          clean[prefix.size()] == '/') {
        return clean.substr(prefix.size() + 1);
      }
    }
    return clean;
  }

  static void remember(std::string& detail, std::string_view line) {
    if (detail.size() + line.size() < max_compiler_detail) {
      if (!detail.empty()) {
        detail.push_back('\n');
      }
      detail.append(line);
    }
  }

  void keep_consequence(Finding finding) {
    if (!m_has_consequence) {
      m_consequence = std::move(finding);
      m_has_consequence = true;
    }
  }

  bool add(Finding finding) {
    if (m_findings.size() >= m_options.max_findings) {
      return false;
    }
    finding.file = path_of(finding.file);
    finding.message = ellipsize(finding.message, 1024);
    m_findings.push_back(std::move(finding));
    return true;
  }

  const CompilerOptions& m_options;
  std::vector<Finding> m_findings;
  Finding m_consequence;
  bool m_has_consequence = false;
  bool m_including = false, m_assembler = false, m_rust_open = false;
  std::string m_included;
  std::string m_function, m_function_file;
  std::string m_inlined_into;  // for the next diagnostic only
  std::string m_object_function;
};

}  // namespace

std::vector<Finding> read_compiler_log(LogLines lines, const CompilerOptions& options) {
  CompilerReader reader(options);
  std::string_view line;
  while (lines.next(line)) {
    reader.line(line);
  }
  return reader.take();
}

std::optional<std::string> missing_tools(LogLines lines, std::span<const Finding> findings) {
  // make's word for the exit status of a shell that did not find a program.
  constexpr std::string_view status = "] Error 127";
  bool said = false;
  // Something else that failed, perhaps without a word. 2 is a make that was called by make.
  std::string_view line;
  while (lines.next(line)) {
    said = said || line.find(status) != std::string_view::npos;
    const auto at = line.find(": *** [") == std::string_view::npos ? std::string_view::npos
                                                                   : line.rfind("] Error ");
    if (at != std::string_view::npos) {
      const std::string_view number = line.substr(at + 8);
      if (number != "127" && number != "2" && !number.ends_with("(ignored)")) {
        return std::nullopt;
      }
    }
  }
  if (!said) {
    return std::nullopt;
  }
  std::vector<std::string> names;
  bool explained = false;
  for (const Finding& finding : findings) {
    if (finding.severity != Severity::error) {
      continue;
    }
    if (finding.rule == rule_missing_tool) {
      std::string name = finding.message.substr(0, finding.message.rfind(": "));
      if (std::find(names.begin(), names.end(), name) == names.end() && names.size() < 10) {
        names.push_back(std::move(name));
      }
    } else if (finding.tool != "make" || !finding.message.ends_with(status)) {
      return std::nullopt;
    }
    explained = true;
  }
  return explained ? std::optional(join(names, ", ")) : std::nullopt;
}

}  // namespace patchmill::findings
