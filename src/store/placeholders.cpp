#include "store/placeholders.hpp"

#include <cctype>

namespace patchmill::store::detail {
namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// End of the quoted token that starts at `start`; a doubled quote stands for itself.
std::size_t skip_quoted(std::string_view sql, std::size_t start, bool backslashes) {
  const char quote = sql[start];
  std::size_t i = start + 1;
  while (i < sql.size()) {
    if (backslashes && sql[i] == '\\') {
      i += 2;
    } else if (sql[i] != quote) {
      ++i;
    } else if (i + 1 < sql.size() && sql[i + 1] == quote) {
      i += 2;
    } else {
      return i + 1;
    }
  }
  return sql.size();
}

std::size_t skip_block_comment(std::string_view sql, std::size_t start) {
  std::size_t depth = 0;
  std::size_t i = start;
  while (i < sql.size()) {
    const auto two = sql.substr(i, 2);
    if (two == "/*") {
      ++depth;
      i += 2;
    } else if (two == "*/") {
      i += 2;
      if (--depth == 0) {
        return i;
      }
    } else {
      ++i;
    }
  }
  return sql.size();
}

// End of a dollar-quoted string at `start`, or `start` when there is none.
std::size_t skip_dollar_quoted(std::string_view sql, std::size_t start) {
  std::size_t i = start + 1;
  while (i < sql.size() && is_word(sql[i])) {
    ++i;
  }
  const bool number =
      start + 1 < sql.size() && std::isdigit(static_cast<unsigned char>(sql[start + 1])) != 0;
  if (i >= sql.size() || sql[i] != '$' || number) {
    return start;
  }
  const auto tag = sql.substr(start, i + 1 - start);
  const auto end = sql.find(tag, i + 1);
  return end == std::string_view::npos ? sql.size() : end + tag.size();
}

// End of the token at `i` when a question mark in it is no placeholder, else `i`.
std::size_t skip_opaque(std::string_view sql, std::size_t i) {
  const bool after_word = i > 0 && is_word(sql[i - 1]);
  const auto two = sql.substr(i, 2);
  if (sql[i] == '\'') {
    const bool escapes =
        i > 0 && (sql[i - 1] == 'E' || sql[i - 1] == 'e') && (i == 1 || !is_word(sql[i - 2]));
    return skip_quoted(sql, i, escapes);
  }
  if (sql[i] == '"') {
    return skip_quoted(sql, i, false);
  }
  if (two == "--") {
    const auto end = sql.find('\n', i);
    return end == std::string_view::npos ? sql.size() : end;
  }
  if (two == "/*") {
    return skip_block_comment(sql, i);
  }
  if (sql[i] == '$' && !after_word) {
    return skip_dollar_quoted(sql, i);
  }
  return i;
}

}  // namespace

std::string number_placeholders(std::string_view sql) {
  std::string result;
  result.reserve(sql.size() + 16);
  int number = 0;
  for (std::size_t i = 0; i < sql.size();) {
    const auto end = skip_opaque(sql, i);
    if (end > i) {
      result += sql.substr(i, end - i);
      i = end;
    } else if (sql[i] == '?') {
      result += '$';
      result += std::to_string(++number);
      ++i;
    } else {
      result += sql[i++];
    }
  }
  return result;
}

}  // namespace patchmill::store::detail
