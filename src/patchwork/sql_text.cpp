#include "patchwork/sql_text.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace patchmill::patchwork {
namespace {

constexpr std::size_t k_longest_name = 200;
constexpr std::size_t k_longest_value = 256u << 20;
constexpr int k_deepest_call = 8;  // calls in calls

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

int hex_digit(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(hex_digit(digits[i]) * 16 + hex_digit(digits[i + 1]));
  }
  return bytes;
}

std::string replaced(const std::string& text, const std::string& what, const std::string& by) {
  std::string out;
  std::size_t at = 0;
  while (!what.empty()) {
    const auto next = text.find(what, at);
    if (next == std::string::npos) {
      break;
    }
    out.append(text, at, next - at);
    out += by;
    at = next + what.size();
  }
  return out.append(text, at, std::string::npos);
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18 & 7));
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

// SQLite's unistr(): \XXXX, \uXXXX, \+XXXXXX, \UXXXXXXXX and \\.
std::string unistr(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char kind = text[i + 1];
    const std::size_t skipped = hex_digit(kind) >= 0 ? 1 : 2;
    const std::size_t digits = kind == '+' ? 6 : kind == 'U' ? 8 : 4;
    std::uint32_t code = 0;
    bool good = kind != '\\' && i + skipped + digits <= text.size();
    for (std::size_t d = 0; good && d < digits; ++d) {
      const int digit = hex_digit(text[i + skipped + d]);
      good = digit >= 0;
      code = code << 4 | static_cast<std::uint32_t>(digit & 15);
    }
    if (good) {
      append_utf8(out, code);
      i += skipped + digits - 1;
    } else {
      out += kind;
      ++i;
    }
  }
  return out;
}

}  // namespace

tl::unexpected<Error> SqlText::wrong(std::string_view what) const {
  return fail(ErrorKind::invalid,
              fmt::format("byte {}: {}", m_at, escape_terminal(mend_utf8(what))));
}

void SqlText::skip_blanks() {
  while (m_at < m_text.size()) {
    if (is_blank(m_text[m_at])) {
      ++m_at;
    } else if (m_text.substr(m_at, 2) == "--") {
      m_at = std::min(m_text.find('\n', m_at), m_text.size());
    } else if (m_text.substr(m_at, 2) == "/*") {
      const auto end = m_text.find("*/", m_at + 2);
      m_at = end == std::string_view::npos ? m_text.size() : end + 2;
    } else {
      return;
    }
  }
}

bool SqlText::next_statement() {
  while (true) {
    skip_blanks();
    if (m_at == m_text.size()) {
      return false;
    }
    if (m_text[m_at] == '\\') {  // for psql
      line();
    } else if (m_text[m_at] == ';') {
      ++m_at;
    } else {
      return true;
    }
  }
}

Result<void> SqlText::skip_one() {
  const char c = m_text[m_at];
  if (c == '\'') {
    return quoted(nullptr, m_mysql);
  }
  if (c == '"' || c == '`') {
    const auto end = m_text.find(c, m_at + 1);
    if (end == std::string_view::npos) {
      return wrong("a quote without an end: is the dump complete?");
    }
    m_at = end + 1;
  } else {
    ++m_at;
  }
  return {};
}

Result<void> SqlText::skip_statement() {
  for (skip_blanks(); m_at < m_text.size(); skip_blanks()) {
    if (m_text[m_at] == ';') {
      ++m_at;
      break;
    }
    PM_TRY(skip_one());
  }
  return {};
}

char SqlText::peek() {
  skip_blanks();
  return m_at < m_text.size() ? m_text[m_at] : '\0';
}

bool SqlText::take(char c) {
  if (peek() != c) {
    return false;
  }
  ++m_at;
  return true;
}

Result<void> SqlText::expect(char c) {
  return take(c) ? Result<void>()
                 : wrong(m_at == m_text.size() ? "it ends too soon: is the dump complete?"
                                               : fmt::format("'{}' is missing", c));
}

std::string SqlText::word() {
  skip_blanks();
  std::string word;
  while (m_at < m_text.size() && is_word(m_text[m_at]) && word.size() < k_longest_name) {
    const char c = m_text[m_at++];
    word += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return word;
}

void SqlText::words(std::initializer_list<const char*> all) {
  for (const auto* const one : all) {
    const std::size_t before = m_at;
    if (word() != one) {
      m_at = before;
      return;
    }
  }
}

Result<std::string> SqlText::name() {
  std::string name;
  do {
    const char quote = peek();
    name.clear();
    if (quote == '"' || quote == '`') {
      m_mysql = m_mysql || quote == '`';
      const auto end = m_text.find(quote, m_at + 1);
      if (end == std::string_view::npos || end - m_at > k_longest_name) {
        return wrong("a name without an end");
      }
      name = m_text.substr(m_at + 1, end - m_at - 1);
      m_at = end + 1;
    } else {
      while (m_at < m_text.size() && is_word(m_text[m_at]) && name.size() < k_longest_name) {
        name += m_text[m_at++];
      }
    }
    if (name.empty()) {
      return wrong("a name is missing");
    }
  } while (take('.'));
  return name;
}

std::optional<std::string> SqlText::column_of_table() {
  const bool is_quoted = peek() == '"' || peek() == '`';
  auto found = name();
  constexpr std::string_view others[] = {"primary", "key",   "unique",   "constraint", "check",
                                         "foreign", "index", "fulltext", "exclude"};
  if (!found || (!is_quoted && std::ranges::find(others, to_lower(*found)) != std::end(others))) {
    return std::nullopt;
  }
  return std::move(*found);
}

Result<void> SqlText::skip_to_comma() {
  int depth = 0;
  for (skip_blanks(); m_at < m_text.size(); skip_blanks()) {
    const char c = m_text[m_at];
    if (depth == 0 && (c == ',' || c == ')')) {
      return {};
    }
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    PM_TRY(skip_one());
  }
  return wrong("a definition without an end: is the dump complete?");
}

void SqlText::escaped(std::string* out) {
  const char c = m_at < m_text.size() ? m_text[m_at++] : '\\';
  if (out != nullptr) {
    constexpr std::string_view letters = "0bnrtZ", meant{"\0\b\n\r\t\x1a", 6};
    const auto letter = letters.find(c);
    *out += letter != std::string_view::npos ? meant[letter] : c;
  }
}

Result<void> SqlText::quoted(std::string* out, bool backslashes) {
  ++m_at;
  while (true) {
    const std::size_t from = m_at;
    if (backslashes) {
      while (m_at < m_text.size() && m_text[m_at] != '\'' && m_text[m_at] != '\\') {
        ++m_at;
      }
    } else {
      m_at = std::min(m_text.find('\'', m_at), m_text.size());
    }
    if (m_at == m_text.size()) {
      return wrong("a text without an end: is the dump complete?");
    }
    if (out != nullptr) {
      if (out->size() + (m_at - from) > k_longest_value) {
        return fail(ErrorKind::limit, fmt::format("byte {}: a text is too large", from));
      }
      out->append(m_text, from, m_at - from);
    }
    if (m_text[m_at++] == '\\') {
      escaped(out);
    } else if (m_at < m_text.size() && m_text[m_at] == '\'') {
      if (out != nullptr) {
        *out += '\'';
      }
      ++m_at;
    } else {
      return {};
    }
  }
}

Result<void> SqlText::value(std::optional<std::string>* out, int depth) {
  const char c = peek();
  if (c == '\'') {
    return quoted(out == nullptr ? nullptr : &out->emplace(), m_mysql);
  }
  if (!is_word(c) && c != '-' && c != '+' && c != '.') {
    return wrong("a value is missing");
  }
  const std::size_t from = m_at;
  while (m_at < m_text.size() && (is_word(m_text[m_at]) || m_text[m_at] == '.' ||
                                  m_text[m_at] == '-' || m_text[m_at] == '+')) {
    ++m_at;
  }
  const std::string_view bare = m_text.substr(from, std::min(m_at - from, k_longest_value));
  const bool is_quoted = m_at < m_text.size() && m_text[m_at] == '\'';
  if (is_quoted && iequals(bare, "E")) {
    return quoted(out == nullptr ? nullptr : &out->emplace(), true);
  }
  if (is_quoted && iequals(bare, "X")) {
    std::string digits;
    PM_TRY(quoted(&digits, false));
    if (out != nullptr) {
      *out = from_hex(digits);
    }
    return {};
  }
  if (bare.starts_with('_')) {  // a character set in front
    return depth < k_deepest_call ? value(out, depth + 1) : wrong("too deep");
  }
  if (peek() == '(') {
    return call(to_lower(bare), out, depth);
  }
  if (out != nullptr) {
    if (iequals(bare, "NULL")) {
      out->reset();
    } else {
      *out = bare.starts_with("0x") ? from_hex(bare.substr(2)) : std::string(bare);
    }
  }
  return {};
}

Result<void> SqlText::call(const std::string& function, std::optional<std::string>* out,
                           int depth) {
  if (depth >= k_deepest_call) {
    return wrong("calls in calls in calls: this is no dump");
  }
  std::vector<std::optional<std::string>> given;
  PM_TRY(expect('('));
  do {
    std::optional<std::string> one;
    PM_TRY(value(out != nullptr ? &one : nullptr, depth + 1));
    given.push_back(std::move(one));
  } while (take(',') && given.size() < 3);
  PM_TRY(expect(')'));
  if (out == nullptr) {
    return {};
  }
  const auto text = [&](std::size_t i) { return given[i].value_or(""); };
  if (function == "replace" && given.size() == 3) {
    *out = replaced(text(0), text(1), text(2));
  } else if (function == "char" && given.size() == 1) {
    append_utf8(out->emplace(), static_cast<std::uint32_t>(parse_uint(text(0)).value_or(0)));
  } else if (function == "unistr" && given.size() == 1) {
    *out = unistr(text(0));
  } else {
    return wrong(fmt::format("{}() is not understood", ellipsize(function, 40)));
  }
  return {};
}

std::optional<std::string_view> SqlText::line() {
  const auto end = m_text.find('\n', m_at);
  if (end == std::string_view::npos) {
    m_at = m_text.size();
    return std::nullopt;
  }
  const auto line = m_text.substr(m_at, end - m_at);
  m_at = end + 1;
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

}  // namespace patchmill::patchwork
