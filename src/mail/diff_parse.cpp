// Follows what git apply accepts (git-apply(1), version 2.39), so that a diff which parses here
// and fails there fails for its content, never for its form.

#include "mail/diff.hpp"
#include "mail/diff_extended.hpp"
#include "mail/diff_grammar.hpp"
#include "mail/diff_names.hpp"
#include "mail/lines.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace patchmill::mail {

namespace {

std::string shown_line(std::string_view text) {
  return "\"" + ellipsize(escape_terminal(mend_utf8(text.substr(0, 120))), 100) + "\"";
}

class Parser {
 public:
  explicit Parser(std::string_view diff) : m_diff(diff), m_lines(diff) {}

  Result<std::vector<FileDiff>> run() {
    while (!m_lines.done()) {
      const std::size_t start = m_lines.pos();
      const std::string_view line = m_lines.peek();
      if (line.starts_with("diff --git ")) {
        PM_TRY(git_file(start));
      } else if (line.starts_with("diff --cc ") || line.starts_with("diff --combined ") ||
                 line.starts_with("@@@ -")) {
        return broken(
            "is a combined diff of a merge, which cannot be applied; send the diff "
            "against the first parent");
      } else if (line.starts_with("--- ") && traditional_follows()) {
        PM_TRY(traditional_file(start));
      } else if (parse_hunk_header(line)) {
        return broken("has a fragment without a file header");
      } else {
        next();
      }
    }
    if (m_files.empty() && !trim(m_diff).empty()) {
      return fail(ErrorKind::invalid, "the diff has no file header that can be read");
    }
    return std::move(m_files);
  }

 private:
  std::string_view next() {
    ++m_line;
    return m_lines.next();
  }

  tl::unexpected<Error> broken(std::string_view what) const {
    return fail(ErrorKind::invalid,
                "line " + std::to_string(m_line) + " of the diff " + std::string(what));
  }

  // "--- x", "+++ y", "@@ -…" on three lines.
  bool traditional_follows() const {
    Lines ahead(m_diff, m_lines.pos());
    ahead.next();
    return !ahead.done() && ahead.next().starts_with("+++ ") && !ahead.done() &&
           ahead.peek().starts_with("@@ -");
  }

  Result<void> git_file(std::size_t start) {
    FileDiff file;
    m_header_line = m_line;
    const auto names = read_git_names(next().substr(11));
    if (names) {
      file.strip = names->strip;
    }
    m_old_from_header.reset();
    m_new_from_header.reset();
    std::size_t headers = 0;
    while (!m_lines.done()) {
      const std::string_view line = m_lines.peek();
      if (line.starts_with("--- ") || line.starts_with("+++ ")) {
        PM_TRY(git_side(file, line));
      } else if (is_extended_header(line)) {
        if (const std::string problem = read_extended_header(file, line, names); !problem.empty()) {
          return broken(problem);
        }
      } else {
        break;
      }
      next();
      ++headers;
    }
    if (headers == 0) {
      if (names) {
        m_stray = names->path;  // only a line that looks like a header: garbage, as for git
        return {};
      }
      m_line = m_header_line;
      return broken("does not say which file it changes; the mail was probably wrapped");
    }
    PM_TRY(settle_git_names(file, names));
    // git keeps the name of such a line, and then refuses what does not fit it.
    if (!m_stray.empty() && (file.old_path != m_stray || file.new_path != m_stray)) {
      return broken("follows a header of " + shown_line(m_stray) + " with nothing behind it");
    }
    PM_TRY(binary_part(file));
    PM_TRY(hunks(file));
    const bool says_something =
        !file.hunks.empty() || file.binary || file.change != FileChange::modified || file.new_mode;
    if (!says_something) {
      m_line = m_header_line;
      return broken("starts a file (" + shown_line(file.path()) + ") that nothing changes");
    }
    finish(std::move(file), start);
    return {};
  }

  Result<void> git_side(FileDiff& file, std::string_view line) {
    const bool old_side = line[0] == '-';
    const auto side = read_side(line.substr(4), false);
    if (!side) {
      return broken("names no file");
    }
    if (side->dev_null) {
      if (file.change != (old_side ? FileChange::added : FileChange::deleted)) {
        return broken(old_side ? "says that the file is new, but the header does not"
                               : "says that the file is deleted, but the header does not");
      }
      return {};
    }
    if (file.change == (old_side ? FileChange::added : FileChange::deleted)) {
      return broken("names a file where /dev/null must stand");
    }
    (old_side ? m_old_from_header : m_new_from_header) = side->path;
    return {};
  }

  Result<void> settle_git_names(FileDiff& file, const std::optional<GitNames>& names) {
    // "--- "/"+++ " are stripped; "rename from" is not.
    const auto stripped = [&](std::string& path,
                              const std::optional<std::string>& written) -> Result<void> {
      if (!written) {
        return {};
      }
      std::string value = *written;
      if (file.strip > 0) {
        const auto inner = strip_component(value);
        if (!inner || inner->empty()) {
          return broken("names the file " + shown_line(value) + " without a prefix like \"a/\"");
        }
        value = *inner;
      }
      if (path.empty()) {
        path = value;
      } else if (path != value) {
        return broken("names the file " + shown_line(value) + ", its header " + shown_line(path));
      }
      return {};
    };
    if (!names && m_old_from_header && m_new_from_header &&
        *m_old_from_header == *m_new_from_header && !m_old_from_header->starts_with("a/") &&
        !m_old_from_header->starts_with("b/")) {
      file.strip = 0;
    }
    if (!file.old_path.empty() && !file.new_path.empty() && m_old_from_header &&
        m_new_from_header && *m_old_from_header == file.old_path &&
        *m_new_from_header == file.new_path) {
      file.strip = 0;  // a rename without prefixes
    }
    PM_TRY(stripped(file.old_path, m_old_from_header));
    PM_TRY(stripped(file.new_path, m_new_from_header));
    const bool needs_old = file.change != FileChange::added;
    const bool needs_new = file.change != FileChange::deleted;
    // The "diff" line counts only where nothing else names a file.
    if (names && file.old_path.empty() && file.new_path.empty()) {
      (needs_old ? file.old_path : file.new_path) = names->path;
      (needs_new ? file.new_path : file.old_path) = names->path;
    }
    if ((needs_old && file.old_path.empty()) || (needs_new && file.new_path.empty())) {
      m_line = m_header_line;
      return broken("does not say which file it changes");
    }
    if (file.change == FileChange::modified && file.new_mode && file.old_mode &&
        *file.new_mode != *file.old_mode) {
      file.change = FileChange::mode_changed;
    }
    return {};
  }

  Result<void> binary_part(FileDiff& file) {
    if (m_lines.done()) {
      return {};
    }
    if (is_binary_notice(m_lines.peek())) {
      file.binary = true;
      next();
      return {};
    }
    if (without_cr(m_lines.peek()) != "GIT binary patch") {
      return {};
    }
    file.binary = true;
    next();
    int blocks = 0;
    while (!m_lines.done() && blocks < 2 && is_binary_block_start(m_lines.peek())) {
      next();
      while (!m_lines.done() && is_binary_data(m_lines.peek())) {
        next();
      }
      if (!m_lines.done() && !without_cr(m_lines.peek()).empty()) {
        return broken("is not a line of the binary patch of " + shown_line(file.path()));
      }
      if (!m_lines.done()) {
        next();
      }
      ++blocks;
    }
    if (blocks == 0) {
      return broken("should start the binary patch of " + shown_line(file.path()) +
                    " with \"literal\" or \"delta\"");
    }
    return {};
  }

  Result<void> hunks(FileDiff& file) {
    while (!m_lines.done()) {
      const auto header = parse_hunk_header(m_lines.peek());
      if (!header) {
        if (m_lines.peek().starts_with("@@ -")) {
          return broken("is a damaged hunk header of " + shown_line(file.path()));
        }
        return {};
      }
      if (header->is_clamped) {
        return broken("has a number larger than any file has lines (hunk header of " +
                      shown_line(file.path()) + ")");
      }
      Hunk hunk;
      hunk.line = m_line;
      hunk.old_start = header->old_start;
      hunk.old_count = header->old_count;
      hunk.new_start = header->new_start;
      hunk.new_count = header->new_count;
      hunk.header = next();
      PM_TRY(hunk_body(file, hunk));
      file.hunks.push_back(hunk);
    }
    return {};
  }

  Result<void> hunk_body(const FileDiff& file, Hunk& hunk) {
    const std::size_t start = m_lines.pos();
    int old_left = hunk.old_count, new_left = hunk.new_count;
    bool changes = false;
    const auto corrupt = [&](std::string_view why) {
      return broken(std::string(why) + " (hunk " + shown_line(hunk.header) + " of " +
                    shown_line(file.path()) + "); the mail was probably wrapped or edited");
    };
    while (old_left > 0 || new_left > 0) {
      if (m_lines.done()) {
        return corrupt("is past the end: lines of the hunk are missing");
      }
      const std::string_view line = m_lines.peek();
      const char mark = line.empty() ? ' ' : line[0];
      if (mark == ' ') {
        --old_left;
        --new_left;
      } else if (mark == '-') {
        --old_left;
        changes = true;
      } else if (mark == '+') {
        --new_left;
        changes = true;
      } else if (!line.starts_with("\\ ")) {
        return corrupt("does not start with ' ', '+' or '-'");
      }
      if (old_left < 0 || new_left < 0) {
        return corrupt("is one more than the hunk's header counts");
      }
      next();
    }
    if (!changes) {
      return corrupt("ends a hunk that changes nothing");
    }
    if (!m_lines.done() && m_lines.peek().starts_with("\\ ")) {
      next();
    }
    hunk.body = m_diff.substr(start, m_lines.pos() - start);
    if (file.change == FileChange::added && hunk.old_count > 0) {
      return broken("ends a hunk with old lines in the new file " + shown_line(file.path()));
    }
    if (file.change == FileChange::deleted && hunk.new_count > 0) {
      return broken("ends a hunk that leaves lines in the deleted file " + shown_line(file.path()));
    }
    return {};
  }

  Result<void> traditional_file(std::size_t start) {
    FileDiff file;
    m_header_line = m_line;
    const auto old_side = read_side(next().substr(4), true);
    const auto new_side = read_side(next().substr(4), true);
    if (!old_side || !new_side || (old_side->dev_null && new_side->dev_null)) {
      return broken("names no file");
    }
    const bool added = old_side->dev_null;
    const bool deleted = new_side->dev_null;
    // GNU diff -N names the file on both sides and dates the missing one 1970.
    std::string old_name = old_side->path, new_name = new_side->path;
    choose_strip(file, old_name, new_name);
    if (file.strip > 0) {
      old_name = strip_component(old_name).value_or("");
      new_name = strip_component(new_name).value_or("");
    }
    // git takes one name for both sides: the new one, unless that is the old one with something
    // behind it ("x" and "x.orig") or cannot be stripped.
    const bool take_old =
        new_name.empty() ||
        (!old_name.empty() && old_name.size() < new_name.size() && new_name.starts_with(old_name));
    const std::string name = take_old ? old_name : new_name;
    if (name.empty()) {
      return broken("names no file below a prefix like \"a/\"");
    }
    if (added) {
      file.change = FileChange::added;
      file.new_path = name;
    } else if (deleted) {
      file.change = FileChange::deleted;
      file.old_path = name;
    } else {
      file.old_path = name;
      file.new_path = name;
    }
    PM_TRY(hunks(file));
    if (file.hunks.size() == 1 && file.change == FileChange::modified) {
      const Hunk& only = file.hunks.front();
      if (only.old_count == 0 && only.old_start == 0) {
        file.change = FileChange::added;
        file.old_path.clear();
      } else if (only.new_count == 0 && only.new_start == 0) {
        file.change = FileChange::deleted;
        file.new_path.clear();
      }
    }
    finish(std::move(file), start);
    return {};
  }

  // git guesses -p0 when neither name has a folder. Equal names with folders have no prefix
  // either: two trees differ in their first component.
  void choose_strip(FileDiff& file, const std::string& old_name, const std::string& new_name) {
    const auto flat = [](const std::string& name) {
      return name.empty() || name.find('/') == std::string::npos;
    };
    if (flat(old_name) && flat(new_name)) {
      file.strip = 0;
      return;
    }
    const bool prefixed = old_name.starts_with("a/") || old_name.starts_with("b/");
    if (!prefixed && old_name == new_name) {
      file.strip = 0;
    }
  }

  void finish(FileDiff file, std::size_t start) {
    file.text = m_diff.substr(start, m_lines.pos() - start);
    m_stray.clear();
    m_files.push_back(std::move(file));
  }

  std::string_view m_diff;
  Lines m_lines;
  std::size_t m_line = 1;  // of the line that peek() shows
  std::size_t m_header_line = 1;
  std::optional<std::string> m_old_from_header, m_new_from_header;
  std::string m_stray;
  std::vector<FileDiff> m_files;
};

}  // namespace

Result<std::vector<FileDiff>> parse_diff(std::string_view diff) {
  return Parser(diff).run();
}

}  // namespace patchmill::mail
