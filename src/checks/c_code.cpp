#include "checks/c_code.hpp"

#include "util/ascii.hpp"
#include "util/text.hpp"

#include <algorithm>

namespace patchmill::checks {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::size_t find_in_any_case(std::string_view text, std::string_view pattern, std::size_t from) {
  if (pattern.empty()) {
    return std::string_view::npos;
  }
  const char small = ascii_lower(pattern.front());
  const char big = small >= 'a' && small <= 'z' ? static_cast<char>(small - 'a' + 'A') : small;
  const char first[2] = {small, big};
  for (std::size_t at = text.find_first_of(std::string_view(first, 2), from);
       at != std::string_view::npos && at + pattern.size() <= text.size();
       at = text.find_first_of(std::string_view(first, 2), at + 1)) {
    if (iequals(text.substr(at, pattern.size()), pattern)) {
      return at;
    }
  }
  return std::string_view::npos;
}

void blank(std::string& code, std::size_t from, std::size_t to) {
  std::fill(code.begin() + static_cast<std::ptrdiff_t>(from),
            code.begin() + static_cast<std::ptrdiff_t>(std::min(to, code.size())), ' ');
}

}  // namespace

// From behind the opening quote to behind the closing one.
std::size_t CodeLines::blank_quoted(std::string& code, std::size_t from, char quote, bool goes_on) {
  std::size_t end = from;
  while (end < code.size() && code[end] != quote) {
    end += code[end] == '\\' ? 2U : 1U;
  }
  m_quote = end >= code.size() && goes_on ? quote : '\0';
  blank(code, from, end);
  return end + 1;
}

std::string CodeLines::code_of(std::string_view line) {
  std::string code(line);
  const bool goes_on =
      (line.ends_with('\r') ? line.substr(0, line.size() - 1) : line).ends_with('\\');
  std::size_t i = 0;
  if (m_in_line_comment) {
    m_in_line_comment = goes_on;
    blank(code, 0, code.size());
    return code;
  }
  if (m_quote != '\0') {
    i = blank_quoted(code, 0, m_quote, goes_on);
  }
  while (i < line.size()) {
    if (m_in_comment) {
      const std::size_t end = line.find("*/", i);
      if (end == std::string_view::npos) {
        blank(code, i, line.size());
        return code;
      }
      blank(code, i, end + 2);
      m_in_comment = false;
      i = end + 2;
    } else if (line.substr(i).starts_with("/*")) {
      blank(code, i, i + 2);
      m_in_comment = true;
      i += 2;
    } else if (line.substr(i).starts_with("//")) {
      blank(code, i, line.size());
      m_in_line_comment = goes_on && m_joins_lines;
      return code;
    } else if (line[i] == '"' || line[i] == '\'') {
      i = blank_quoted(code, i + 1, line[i], goes_on);
    } else {
      ++i;
    }
  }
  return code;
}

bool CodeLines::starts_in_comment(std::string_view text) {
  const std::size_t close = text.find("*/");
  if (close != std::string_view::npos) {
    return text.substr(0, close).rfind("/*") == std::string_view::npos;
  }
  // No mark at all: a hunk wholly inside a long comment shows its column of stars.
  if (text.find("/*") != std::string_view::npos) {
    return false;
  }
  std::size_t lines = 0;
  std::size_t stars = 0;
  for (const std::string_view line : split_lines(text)) {
    const std::string_view body = trim(line);
    if (!body.empty()) {
      ++lines;
      stars += body == "*" || body.starts_with("* ") ? 1U : 0U;
    }
  }
  return lines > 0 && stars == lines;
}

bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = find_in_any_case(text, word, 0); at != std::string_view::npos;
       at = find_in_any_case(text, word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]))) {
      return true;
    }
  }
  return false;
}

std::size_t count_pattern(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) {
    return 0;
  }
  std::size_t count = 0;
  for (std::size_t at = find_in_any_case(text, pattern, 0); at != std::string_view::npos;
       at = find_in_any_case(text, pattern, at + pattern.size())) {
    count += !is_word(pattern.front()) || at == 0 || !is_word(text[at - 1]) ? 1U : 0U;
  }
  return count;
}

}  // namespace patchmill::checks
