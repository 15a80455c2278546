#pragma once
// Walking over the lines of a diff, and small questions about the files it touches.

#include "mail/diff.hpp"

#include <cstdint>
#include <functional>
#include <string_view>

namespace patchmill::checks {

struct DiffLine {
  char marker = ' ';        // ' ', '+', '-'
  int old_line = 0;         // 0 for added lines
  int new_line = 0;         // 0 for removed lines
  std::string_view text;    // without the marker and the newline; a '\r' stays
  bool no_newline = false;  // "\ No newline at end of file" follows
};

// Every line of the hunk in order.
template <class Visit>
void for_each_line(const mail::Hunk& hunk, Visit&& visit);

// "c" for "a/b.c", "" where there is none; the part after the last '.' of the file name.
std::string_view extension(std::string_view path);
std::string_view base_name(std::string_view path);
bool is_added(const mail::FileDiff& file);  // the file did not exist before
bool is_deleted(const mail::FileDiff& file);
// After the patch it is a symbolic link: what it holds is a path, not lines.
bool is_symlink(const mail::FileDiff& file);
// Of an entry of a tree: a file with lines, no link, folder or submodule.
bool is_regular(std::uint32_t mode);

template <class Visit>
void for_each_line(const mail::Hunk& hunk, Visit&& visit) {
  DiffLine line;
  bool pending = false;
  int old_line = hunk.old_start;
  int new_line = hunk.new_start;
  std::string_view rest = hunk.body;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    std::string_view text = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (!text.empty() && text.front() == '\\') {
      line.no_newline = true;
      continue;
    }
    if (pending) {
      visit(static_cast<const DiffLine&>(line));
    }
    // Some mailers cut the single blank of an empty context line.
    line = {.marker = text.empty() ? ' ' : text.front(),
            .text = text.empty() ? text : text.substr(1)};
    pending = true;
    if (line.marker != '+') {
      line.old_line = old_line++;
    }
    if (line.marker != '-') {
      line.new_line = new_line++;
    }
  }
  if (pending) {
    visit(static_cast<const DiffLine&>(line));
  }
}

}  // namespace patchmill::checks
