#include "mail/diff.hpp"
#include "mail/diff_grammar.hpp"
#include "mail/lines.hpp"
#include "util/ascii.hpp"
#include "util/hash.hpp"

#include <array>
#include <cstddef>
#include <string>

namespace patchmill::mail {

namespace {

std::vector<AddedLine> changed_lines(const std::vector<FileDiff>& files, bool added) {
  std::vector<AddedLine> result;
  for (const FileDiff& file : files) {
    for (const Hunk& hunk : file.hunks) {
      int line_number = added ? hunk.new_start : hunk.old_start;
      for (Lines lines(hunk.body); !lines.done();) {
        const std::string_view line = lines.next();
        const char mark = line.empty() ? ' ' : line[0];
        if (mark == '\\' || mark == (added ? '-' : '+')) {
          continue;
        }
        if (mark == (added ? '+' : '-')) {
          result.push_back({added ? file.new_path : file.old_path, line_number, line.substr(1)});
        }
        ++line_number;
      }
    }
  }
  return result;
}

// One blank and a name: "---\tx" is a line that was removed.
bool is_file_line(std::string_view line) {
  return (line.starts_with("--- ") || line.starts_with("+++ ")) && line.size() > 4 &&
         !is_space(line[4]);
}

// "--- a/x 2023…" to "--- a/x": the first component is replaced, the rest of the word kept.
std::string normalized_file_line(std::string_view line) {
  const std::size_t start = 4;
  std::size_t end = start;
  while (end < line.size() && !is_space(line[end])) {
    ++end;
  }
  std::string_view name = line.substr(start, end - start);
  const std::size_t slash = name.find('/');
  name = slash == std::string_view::npos ? std::string_view() : name.substr(slash + 1);
  std::string out(line.substr(0, 3));
  out += line[0] == '-' ? " a/" : " b/";
  out += name;
  return out;
}

// The length of the white space that the text starts or ends with, as Python's str.strip() has it
// (Unicode's, and the separators 1C to 1F); 0: none.
std::size_t strip_length(std::string_view text, bool at_end) {
  static constexpr std::array<std::string_view, 19> wide = {
      "\u0085", "\u00A0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003",
      "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200A",
      "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"};
  if (text.empty()) {
    return 0;
  }
  const char c = at_end ? text.back() : text.front();
  if (c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1C' && c <= '\x1F')) {
    return 1;
  }
  for (const std::string_view space : wide) {
    if (at_end ? text.ends_with(space) : text.starts_with(space)) {
      return space.size();
    }
  }
  return 0;
}

std::string_view python_strip(std::string_view text) {
  while (const std::size_t length = strip_length(text, false)) {
    text.remove_prefix(length);
  }
  while (const std::size_t length = strip_length(text, true)) {
    text.remove_suffix(length);
  }
  return text;
}

}  // namespace

std::vector<AddedLine> added_lines(const std::vector<FileDiff>& files) {
  return changed_lines(files, true);
}

std::vector<AddedLine> removed_lines(const std::vector<FileDiff>& files) {
  return changed_lines(files, false);
}

std::string patchwork_hash(std::string_view diff) {
  std::string normal;
  normal.reserve(diff.size());
  for (Lines lines(python_strip(diff)); !lines.done();) {
    std::string_view line = lines.next();
    std::string without;  // carriage returns anywhere in the line do not count
    if (line.find('\r') != std::string_view::npos) {
      for (const char c : line) {
        if (c != '\r') {
          without += c;
        }
      }
      line = without;
    }
    if (line.empty()) {
      continue;
    }
    if (is_file_line(line)) {
      normal += normalized_file_line(line);
    } else if (const auto hunk = parse_hunk_header(line)) {
      normal +=
          "@@ -" + std::to_string(hunk->old_count) + " +" + std::to_string(hunk->new_count) + " @@";
    } else if (line[0] == '-' || line[0] == '+' || line[0] == ' ') {
      normal += line;
    } else {
      continue;
    }
    normal += '\n';
  }
  return sha1_hex(normal);
}

}  // namespace patchmill::mail
