// White space faults and merge leftovers, as `git diff --check` sees them.

#include "checks/diff_lines.hpp"
#include "checks/registry.hpp"
#include "checks/report.hpp"
#include "checks/settings.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace patchmill::checks {
namespace {

constexpr std::array k_whitespace_settings = {
    Setting{.name = "strict",
            .type = SettingType::flag,
            .default_value = "false",
            .meaning = "Whether blanks at the ends of lines and files fail instead of warn."},
    Setting{.name = "exempt",
            .type = SettingType::words,
            .default_value = "*.patch,*.diff,*.rej,*.eml,*.mbox",
            .meaning = "Files (shell wildcards) whose white space is left alone."},
    Setting{.name = "crlf-files",
            .type = SettingType::words,
            .default_value = "*.bat,*.cmd,*.ps1,*.sln,*.vcxproj,*.reg,*.inf,*.dsp,*.dsw",
            .meaning = "New files (shell wildcards) that may have CRLF line ends."},
};

constexpr std::size_t k_most_per_file = 20;

bool matches_any(std::string_view path, const std::vector<std::string>& globs) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return glob_match(glob, path); });
}

// "<<<<<<<", "|||||||" or ">>>>>>>" alone or before a blank. "=======" alone underlines titles.
bool is_conflict_marker(std::string_view text) {
  constexpr std::array<std::string_view, 3> markers = {"<<<<<<<", "|||||||", ">>>>>>>"};
  return std::any_of(markers.begin(), markers.end(), [&](std::string_view marker) {
    return text.starts_with(marker) && (text.size() == marker.size() ||
                                        text[marker.size()] == ' ' || text[marker.size()] == '\r');
  });
}

bool is_markdown(std::string_view path) {
  const std::string_view ext = extension(path);
  return ext == "md" || ext == "markdown" || ext == "mdown";
}

// Two blanks at the end of a line of Markdown are a line break.
bool is_line_break(std::string_view text) {
  return text.size() > 2 && text.ends_with("  ") && text[text.size() - 3] != ' ' &&
         text[text.size() - 3] != '\t';
}

bool has_space_before_tab(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size() && (text[i] == ' ' || text[i] == '\t'); ++i) {
    if (text[i] == ' ' && text[i + 1] == '\t') {
      return true;
    }
  }
  return false;
}

// What the hunks of one file tell about its line ends and its last line.
struct FileFacts {
  bool lf_before = false;  // some unchanged or removed line ends without CR
  bool crlf_before = false;
  int first_crlf_added = 0;  // line; 0: none
  int crlf_added = 0, lf_added = 0;
  bool ends_blank = false;  // the last line of the patched file is an added blank one
  int last_line = 0;
};

FileFacts learn(const mail::FileDiff& file) {
  FileFacts facts;
  for (const mail::Hunk& hunk : file.hunks) {
    bool context_before = hunk.old_start == 0 || hunk.old_start == 1;
    bool added_blank_last = false;
    bool context_after = false;
    bool first = true;
    for_each_line(hunk, [&](const DiffLine& line) {
      const bool crlf = line.text.ends_with('\r');
      if (line.marker == '+') {
        facts.crlf_added += crlf ? 1 : 0;
        facts.lf_added += crlf ? 0 : 1;
        if (crlf && facts.first_crlf_added == 0) {
          facts.first_crlf_added = line.new_line;
        }
        added_blank_last = trim(line.text).empty() && !line.no_newline;
        context_after = false;
        facts.last_line = line.new_line;
      } else {
        (crlf ? facts.crlf_before : facts.lf_before) = true;
        context_before = context_before || (first && line.marker == ' ');
        context_after = context_after || line.marker == ' ';
        if (line.marker == ' ') {
          added_blank_last = false;
        }
      }
      first = false;
    });
    // Without context lines at all (diff -U0) the end of a hunk is not the end of the file.
    facts.ends_blank = added_blank_last && !context_after && context_before;
  }
  return facts;
}

class Whitespace final : public Check {
 public:
  [[nodiscard]] std::string_view name() const override { return "whitespace"; }
  [[nodiscard]] std::string_view description() const override {
    return "Added lines have no stray blanks, merge markers or new CRLF line ends.";
  }
  [[nodiscard]] Scope scope() const override { return Scope::patch; }
  [[nodiscard]] std::span<const Setting> settings() const override { return k_whitespace_settings; }
  [[nodiscard]] CheckOutcome run(const Context& context) const override;

 private:
  struct Rules {
    bool strict = false;
    std::vector<std::string> exempt, crlf_files;
  };
  static void check_file(const mail::FileDiff& file, const Rules& rules, Report& report);
};

void Whitespace::check_file(const mail::FileDiff& file, const Rules& rules, Report& report) {
  const std::string& path = file.path();
  std::size_t faults = 0;
  const auto fault = [&](std::string_view rule, std::string message, int line) {
    if (++faults > k_most_per_file) {
      return;
    }
    if (rules.strict) {
      report.error(rule, std::move(message), {.file = path, .line = line});
    } else {
      report.warning(rule, std::move(message), {.file = path, .line = line});
    }
  };
  const bool exempt = matches_any(path, rules.exempt);
  const FileFacts facts = learn(file);
  for (const mail::Hunk& hunk : file.hunks) {
    for_each_line(hunk, [&](const DiffLine& line) {
      if (line.marker != '+') {
        return;
      }
      if (!exempt && is_conflict_marker(line.text)) {
        report.error("conflict-marker", "a merge conflict marker is left over",
                     {.file = path, .line = line.new_line});
      }
      if (exempt) {
        return;
      }
      std::string_view text = line.text;
      if (text.ends_with('\r')) {
        text.remove_suffix(1);
      }
      if (!text.empty() && (text.back() == ' ' || text.back() == '\t') &&
          !(is_markdown(path) && is_line_break(text))) {
        fault("trailing", "trailing white space", line.new_line);
      }
      if (has_space_before_tab(text)) {
        fault("space-before-tab", "a space before a tab in the indent", line.new_line);
      }
      if (line.no_newline) {
        fault("no-newline", "no newline at the end of the file", line.new_line);
      }
    });
  }
  if (exempt) {
    return;
  }
  if (facts.ends_blank) {
    fault("blank-at-eof", "a blank line at the end of the file", facts.last_line);
  }
  if (facts.crlf_added > 0 && !facts.crlf_before) {
    // A file that is CRLF throughout and new is a choice; a mixture is an accident.
    if (facts.lf_before || facts.lf_added > 0) {
      report.error("crlf",
                   count_of(facts.crlf_added, "line with a CRLF end", "lines with CRLF ends") +
                       " in a file with LF ends",
                   {.file = path, .line = facts.first_crlf_added});
    } else if (!matches_any(path, rules.crlf_files)) {
      fault("crlf", "a new file with CRLF line ends", facts.first_crlf_added);
    }
  }
  if (faults > k_most_per_file) {
    report.note("more",
                count_of(faults - k_most_per_file, "more white space fault") + " in this file",
                {.file = path});
  }
}

CheckOutcome Whitespace::run(const Context& context) const {
  Report report(*this, context);
  const Rules rules = {.strict = flag_setting(*this, context, "strict"),
                       .exempt = words_setting(*this, context, "exempt"),
                       .crlf_files = words_setting(*this, context, "crlf-files")};
  for (const mail::FileDiff& file : context.patch->files) {
    if (!file.binary && !is_deleted(file) && !is_symlink(file)) {
      check_file(file, rules, report);
    }
  }
  return report.finish("no white space faults");
}

}  // namespace

std::unique_ptr<Check> make_whitespace() {
  return std::make_unique<Whitespace>();
}

}  // namespace patchmill::checks
