#include "mail/diff.hpp"
#include "mail/diff_grammar.hpp"
#include "mail/lines.hpp"
#include "util/ascii.hpp"
#include "util/hash.hpp"

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

// "--- a/x 2023…" to "--- a/x": the first component is replaced, the rest of the word kept.
std::string normalized_file_line(std::string_view line) {
  std::size_t start = 3;
  while (start < line.size() && is_space(line[start])) {
    ++start;
  }
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
  for (Lines lines(diff); !lines.done();) {
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
    if ((line.starts_with("---") || line.starts_with("+++")) && line.size() > 3 &&
        is_space(line[3]) && line.find_first_not_of(" \t\v\f", 3) != std::string_view::npos) {
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
