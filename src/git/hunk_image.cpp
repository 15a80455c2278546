#include "git/hunk_image.hpp"

#include <algorithm>
#include <vector>

namespace patchmill::git {

namespace {

std::size_t count_lines(std::string_view text) {
  const auto newlines = static_cast<std::size_t>(std::ranges::count(text, '\n'));
  return newlines + (!text.empty() && text.back() != '\n' ? 1 : 0);
}

// Bytes of the first `lines` lines; nothing when there are fewer.
std::optional<std::size_t> skip_lines(std::string_view text, std::size_t lines) {
  std::size_t at = 0;
  for (; lines > 0; --lines) {
    if (at >= text.size()) {
      return std::nullopt;
    }
    const auto end = text.find('\n', at);
    at = end == std::string_view::npos ? text.size() : end + 1;
  }
  return at;
}

// A hunk that says it starts at the beginning must match there, and one without trailing context
// must match at the end (git's apply.c, apply_one_fragment).
bool at_beginning(const ScanHunk& hunk) {
  return hunk.old_start <= 1;
}
bool at_end(const HunkSides& sides) {
  return sides.trailing == 0;
}

// `needle` must end a line too.
bool matches_at(std::string_view content, std::size_t at, std::string_view needle) {
  if (content.substr(at, needle.size()) != needle) {
    return false;
  }
  return needle.empty() || needle.back() == '\n' || at + needle.size() == content.size();
}

// Knuth, Morris and Pratt: hostile content cannot make it slow.
bool contains_lines(std::string_view content, std::string_view needle) {
  std::vector<std::size_t> fallback(needle.size(), 0);
  for (std::size_t i = 1, k = 0; i < needle.size(); ++i) {
    while (k > 0 && needle[i] != needle[k]) {
      k = fallback[k - 1];
    }
    k += needle[i] == needle[k] ? 1u : 0u;
    fallback[i] = k;
  }
  for (std::size_t i = 0, k = 0; i < content.size(); ++i) {
    while (k > 0 && content[i] != needle[k]) {
      k = fallback[k - 1];
    }
    k += content[i] == needle[k] ? 1u : 0u;
    if (k == needle.size()) {
      const std::size_t start = i + 1 - needle.size();
      if ((start == 0 || content[start - 1] == '\n') && matches_at(content, start, needle)) {
        return true;
      }
      k = fallback[k - 1];
    }
  }
  return false;
}

}  // namespace

HunkSides hunk_sides(const ScanHunk& hunk) {
  HunkSides sides;
  std::string_view rest = hunk.body;
  char previous = ' ';
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    std::string_view line = rest.substr(0, end == std::string_view::npos ? end : end + 1);
    rest.remove_prefix(line.size());
    const char marker = line.front() == '\n' ? ' ' : line.front();
    if (marker == '\\') {
      // "\ No newline at end of file" speaks of the line before it.
      if (previous != '+' && sides.before.ends_with('\n')) {
        sides.before.pop_back();
      }
      if (previous != '-' && sides.after.ends_with('\n')) {
        sides.after.pop_back();
      }
      continue;
    }
    const std::string_view text = line.front() == '\n' ? line : line.substr(1);
    if (marker != '+') {
      sides.before += text;
      ++sides.before_lines;
    }
    if (marker != '-') {
      sides.after += text;
      ++sides.after_lines;
    }
    if (marker == ' ') {
      ++sides.trailing;
      sides.leading += sides.changes ? 0 : 1;
    } else {
      sides.changes = true;
      sides.trailing = 0;
    }
    previous = marker;
  }
  return sides;
}

std::optional<std::string> apply_where_stated(std::string_view content, const ScanFile& file) {
  std::string out;
  std::size_t out_lines = 0;
  std::size_t left_lines = count_lines(content);
  for (const ScanHunk& hunk : file.hunks) {
    const HunkSides sides = hunk_sides(hunk);
    const std::size_t lines = out_lines + left_lines;
    if (!hunk.complete || !sides.changes || sides.before_lines > lines) {
      return std::nullopt;
    }
    std::size_t position = hunk.new_start == 0 ? 0 : hunk.new_start - 1;
    if (at_beginning(hunk)) {
      position = 0;
    } else if (at_end(sides)) {
      position = lines - sides.before_lines;
    }
    // Behind what the hunks before it wrote, and at the end where that is asked.
    if (position < out_lines || position > lines ||
        (at_end(sides) && position + sides.before_lines != lines)) {
      return std::nullopt;
    }
    const auto skipped = skip_lines(content, position - out_lines);
    if (!skipped || !matches_at(content, *skipped, sides.before)) {
      return std::nullopt;
    }
    out += content.substr(0, *skipped);
    out += sides.after;
    content.remove_prefix(*skipped + sides.before.size());
    left_lines -= position - out_lines + sides.before_lines;
    out_lines = position + sides.after_lines;
  }
  out += content;
  return out;
}

bool hunk_fits(std::string_view content, const ScanHunk& hunk) {
  const HunkSides sides = hunk_sides(hunk);
  const bool from_start = at_beginning(hunk);
  const bool to_end = at_end(sides);
  if (from_start) {
    return matches_at(content, 0, sides.before) &&
           (!to_end || content.size() == sides.before.size());
  }
  if (to_end) {
    return content.size() >= sides.before.size() &&
           contains_lines(content.substr(content.size() - sides.before.size()), sides.before);
  }
  return !sides.before.empty() && contains_lines(content, sides.before);
}

}  // namespace patchmill::git
