#pragma once
// Classes of bytes as the outside grammars mean them: ASCII only, whatever the locale.

namespace patchmill {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// C's isspace() in the "C" locale.
constexpr bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// -1 for what is no hexadecimal digit.
constexpr int hex_value(char c) {
  if (is_digit(c)) {
    return c - '0';
  }
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace patchmill
