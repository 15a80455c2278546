#include "checks/code_changes.hpp"

#include "checks/c_code.hpp"
#include "checks/diff_lines.hpp"

#include <algorithm>
#include <array>

namespace patchmill::checks {
namespace {

bool has_c_comments(std::string_view path) {
  constexpr std::array<std::string_view, 16> known = {"c",   "h",    "cc",  "cpp", "cxx", "hh",
                                                      "hpp", "hxx",  "S",   "rs",  "dts", "dtsi",
                                                      "js",  "java", "inc", "lds"};
  return std::find(known.begin(), known.end(), extension(path)) != known.end();
}

// One side of a hunk, to see whether it begins inside a comment.
bool side_starts_in_comment(const mail::Hunk& hunk, char other_side) {
  std::string text;
  for_each_line(hunk, [&](const DiffLine& line) {
    if (line.marker != other_side) {
      text.append(line.text).push_back('\n');
    }
  });
  return CodeLines::starts_in_comment(text);
}

}  // namespace

void for_each_change(const mail::FileDiff& file, const CodeVisitor& visit) {
  const bool c_comments = has_c_comments(file.path());
  for (const mail::Hunk& hunk : file.hunks) {
    CodeLines before(c_comments && side_starts_in_comment(hunk, '+'));
    CodeLines after(c_comments && side_starts_in_comment(hunk, '-'));
    for_each_line(hunk, [&](const DiffLine& line) {
      const auto code_of = [&](CodeLines& side) {
        return c_comments ? side.code_of(line.text) : std::string(line.text);
      };
      if (line.marker == '+') {
        visit('+', line.new_line, code_of(after), line.text);
      } else if (line.marker == '-') {
        visit('-', line.old_line, code_of(before), line.text);
      } else if (c_comments) {
        before.code_of(line.text);
        after.code_of(line.text);
      }
    });
  }
}

}  // namespace patchmill::checks
