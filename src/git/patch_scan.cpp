#include "git/patch_scan.hpp"

#include "git/path_rules.hpp"
#include "util/text.hpp"

#include <charconv>
#include <optional>

namespace patchmill::git {

namespace {

constexpr std::size_t kLongestName = 4200;

// Reads lines one after another without building a list of them.
class Lines {
 public:
  explicit Lines(std::string_view text) : m_text(text) {}
  [[nodiscard]] bool at_end() const { return m_pos >= m_text.size(); }
  [[nodiscard]] std::size_t position() const { return m_pos; }
  [[nodiscard]] std::string_view peek() const {
    const auto end = m_text.find('\n', m_pos);
    return m_text.substr(m_pos, end == std::string_view::npos ? end : end - m_pos);
  }
  void skip() {
    const auto end = m_text.find('\n', m_pos);
    m_pos = end == std::string_view::npos ? m_text.size() : end + 1;
  }

 private:
  std::string_view m_text;
  std::size_t m_pos = 0;
};

bool read_number(std::string_view& text, std::size_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) {
    return false;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool read_range(std::string_view& text, std::size_t& start, std::size_t& count) {
  count = 1;
  if (!read_number(text, start)) {
    return false;
  }
  if (text.starts_with(',')) {
    text.remove_prefix(1);
    return read_number(text, count);
  }
  return true;
}

std::optional<ScanHunk> parse_hunk_header(std::string_view line) {
  ScanHunk hunk;
  if (!line.starts_with("@@ -")) {
    return std::nullopt;
  }
  line.remove_prefix(4);
  if (!read_range(line, hunk.old_start, hunk.old_count) || !line.starts_with(" +")) {
    return std::nullopt;
  }
  line.remove_prefix(2);
  if (!read_range(line, hunk.new_start, hunk.new_count) || !line.starts_with(" @@")) {
    return std::nullopt;
  }
  return hunk;
}

std::string_view without_cr(std::string_view line) {
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

// A whole name: quoted, or up to the tab that diff puts before a date.
std::string read_name(std::string_view text) {
  text = without_cr(text);
  if (const auto quoted = unquote(text)) {
    return quoted->value;
  }
  return std::string(text.substr(0, text.find('\t')));
}

std::string strip_first(std::string_view name) {
  const auto slash = name.find('/');
  return std::string(slash == std::string_view::npos ? name : name.substr(slash + 1));
}

std::uint32_t read_mode(std::string_view text) {
  std::uint32_t mode = 0;
  text = without_cr(text);
  std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  return mode;
}

class Scanner {
 public:
  explicit Scanner(std::string_view diff) : m_diff(diff), m_lines(diff) {}

  PatchScan run() {
    while (!m_lines.at_end()) {
      const std::string_view line = m_lines.peek();
      if (line.starts_with("diff --git ")) {
        begin(true);
        git_names(line.substr(11));
        m_lines.skip();
      } else if (line.starts_with("--- ") && traditional_header()) {
        if (!m_file || !m_file->git_header || !m_file->hunks.empty() || m_file->ended) {
          m_scan.plain = false;
          begin(false);
        }
        names_of_both_sides();
      } else if (line.starts_with("@@ -")) {
        m_scan.plain = m_scan.plain && m_file && !m_file->ended;
        read_hunk();
      } else {
        other_line(line);
        m_lines.skip();
      }
    }
    finish();
    return std::move(m_scan);
  }

 private:
  // git ends a section at the first line that is neither header nor hunk.
  void other_line(std::string_view line) {
    if (!m_file || m_file->ended) {
      return;
    }
    if (!m_file->git_header || !m_file->hunks.empty() || !extended_header(line)) {
      m_file->ended = true;
    }
  }

  void begin(bool git_header) {
    finish();
    m_file.emplace();
    m_file->git_header = git_header;
    m_start = m_lines.position();
  }

  void finish() {
    if (m_file) {
      m_file->text = m_diff.substr(m_start, m_lines.position() - m_start);
      if (m_file->created) {
        m_file->old_path.clear();
      }
      if (m_file->deleted) {
        m_file->new_path.clear();
      }
      m_scan.files.push_back(std::move(*m_file));
      m_file.reset();
    }
  }

  void candidate(const std::string& name) {
    if (path_problem(name).empty()) {
      m_scan.candidate_paths.insert(name);
    }
  }

  // "a/X b/X", either half quoted. Only when both name the same file is the header enough, which
  // is all git uses it for.
  void git_names(std::string_view text) {
    text = without_cr(text);
    std::string first, second;
    if (const auto quoted = unquote(text)) {
      first = quoted->value;
      second = read_name(trim(text.substr(quoted->consumed)));
    } else if (const auto at = text.find(" \""); at != std::string_view::npos) {
      first = text.substr(0, at);
      second = read_name(text.substr(at + 1));
    } else {
      split_same(text, first, second);
    }
    if (!first.empty()) {
      m_file->old_path = strip_first(first);
      m_file->new_path = strip_first(second);
      candidate(m_file->old_path);
      candidate(m_file->new_path);
    }
  }

  // Unquoted names may hold spaces, so the cut is where both halves agree after their prefixes.
  static void split_same(std::string_view text, std::string& first, std::string& second) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos || text.size() > 2 * kLongestName) {
      return;
    }
    for (auto space = text.find(' ', slash); space != std::string_view::npos;
         space = text.find(' ', space + 1)) {
      const std::string_view left = text.substr(slash + 1, space - slash - 1);
      // The name is as long on both sides, which leaves one place a cut can be right.
      if (text.size() < left.size() || text[text.size() - left.size() - 1] != '/' ||
          !text.ends_with(left)) {
        continue;
      }
      const std::string_view prefix = text.substr(space + 1, text.size() - left.size() - space - 1);
      if (prefix.find('/') == prefix.size() - 1) {
        first = text.substr(0, space);
        second = text.substr(space + 1);
        return;
      }
    }
  }

  [[nodiscard]] bool traditional_header() const {
    Lines ahead = m_lines;
    ahead.skip();
    return ahead.peek().starts_with("+++ ");
  }

  void names_of_both_sides() {
    const std::string header_name = m_file->new_path;
    const bool said_created = m_file->created;
    const bool said_deleted = m_file->deleted;
    const bool from_nothing = side(m_lines.peek().substr(4), m_file->old_path);
    m_lines.skip();
    const bool to_nothing = side(m_lines.peek().substr(4), m_file->new_path);
    m_lines.skip();
    m_scan.plain = m_scan.plain && from_nothing == said_created && to_nothing == said_deleted &&
                   (from_nothing || m_file->old_path == header_name) &&
                   (to_nothing || m_file->new_path == header_name);
    m_file->created = said_created || from_nothing;
    m_file->deleted = said_deleted || to_nothing;
  }

  // True for /dev/null.
  bool side(std::string_view text, std::string& path) {
    const std::string name = read_name(text);
    if (name == "/dev/null") {
      return true;
    }
    // Absolute names keep their slash, so that they are refused by that name.
    path = name.starts_with('/') ? name : strip_first(name);
    candidate(path);
    candidate(name);
    return false;
  }

  // False when the line is no header of a section.
  bool extended_header(std::string_view line) {
    const auto after = [line](std::string_view key) -> std::optional<std::string_view> {
      return line.starts_with(key) ? std::optional(line.substr(key.size())) : std::nullopt;
    };
    ScanFile& file = *m_file;
    if (const auto v = after("index ")) {
      const std::string_view ids = without_cr(*v);
      const auto dots = ids.find("..");
      if (dots != std::string_view::npos) {
        file.old_blob = ids.substr(0, dots);
        const std::string_view rest = ids.substr(dots + 2);
        const auto space = rest.find(' ');
        file.new_blob = rest.substr(0, space);
        if (space != std::string_view::npos && file.old_mode == 0) {
          file.old_mode = read_mode(rest.substr(space + 1));
        }
      }
    } else if (const auto old_mode = after("old mode ")) {
      file.old_mode = read_mode(*old_mode);
    } else if (const auto new_mode = after("new mode ")) {
      file.new_mode = read_mode(*new_mode);
    } else if (const auto created = after("new file mode ")) {
      file.new_mode = read_mode(*created);
      file.created = true;
    } else if (const auto deleted = after("deleted file mode ")) {
      file.old_mode = read_mode(*deleted);
      file.deleted = true;
    } else if (after("rename ") || after("copy ")) {
      rename_or_copy(line);
    } else if (after("GIT binary patch") || after("Binary files ")) {
      file.binary = true;
    } else {
      return after("similarity index ") || after("dissimilarity index ");
    }
    return true;
  }

  void rename_or_copy(std::string_view line) {
    ScanFile& file = *m_file;
    (line.starts_with("rename ") ? file.renamed : file.copied) = true;
    const std::string_view rest = line.substr(line.find(' ') + 1);
    for (const std::string_view key : {"from ", "old "}) {
      if (rest.starts_with(key)) {
        file.old_path = read_name(rest.substr(key.size()));
        candidate(file.old_path);
      }
    }
    for (const std::string_view key : {"to ", "new "}) {
      if (rest.starts_with(key)) {
        file.new_path = read_name(rest.substr(key.size()));
        candidate(file.new_path);
      }
    }
  }

  void read_hunk() {
    const std::size_t start = m_lines.position();
    auto hunk = parse_hunk_header(m_lines.peek());
    m_lines.skip();
    if (!hunk || !m_file) {
      m_scan.plain = false;
      return;
    }
    const std::size_t body = m_lines.position();
    std::size_t old_left = hunk->old_count;
    std::size_t new_left = hunk->new_count;
    bool broken = false;
    while (!m_lines.at_end() && !broken && (old_left > 0 || new_left > 0)) {
      const std::string_view line = m_lines.peek();
      const char marker = line.empty() ? ' ' : line.front();
      const bool in_old = marker == ' ' || marker == '-';
      const bool in_new = marker == ' ' || marker == '+';
      if ((in_old && old_left == 0) || (in_new && new_left == 0) ||
          (!in_old && !in_new && marker != '\\')) {
        broken = true;
        break;
      }
      old_left -= in_old ? 1 : 0;
      new_left -= in_new ? 1 : 0;
      m_lines.skip();
    }
    if (!m_lines.at_end() && m_lines.peek().starts_with("\\ ")) {
      m_lines.skip();
    }
    m_scan.plain = m_scan.plain && old_left == 0 && new_left == 0;
    hunk->complete = old_left == 0 && new_left == 0;
    hunk->text = m_diff.substr(start, m_lines.position() - start);
    hunk->body = m_diff.substr(body, m_lines.position() - body);
    m_file->hunks.push_back(*hunk);
  }

  std::string_view m_diff;
  Lines m_lines;
  PatchScan m_scan;
  std::optional<ScanFile> m_file;
  std::size_t m_start = 0;
};

}  // namespace

PatchScan scan_patch(std::string_view diff) {
  return Scanner(diff).run();
}

}  // namespace patchmill::git
