#include "findings/normalise.hpp"

#include "util/ascii.hpp"
#include "util/text.hpp"

#include <array>
#include <vector>

namespace patchmill::findings {
namespace {

constexpr std::size_t max_message = 2048;

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_word(char c) {
  return is_digit(c) || is_alpha(c) || c == '_';
}

// UTF-8 quotation marks that gcc and clang print in UTF-8 locales.
constexpr std::array<std::string_view, 4> fancy_quotes = {"\u2018", "\u2019", "\u201c", "\u201d"};

std::size_t quote_length(std::string_view text) {
  if (text.front() == '\'' || text.front() == '"' || text.front() == '`') {
    return 1;
  }
  for (const std::string_view quote : fancy_quotes) {
    if (text.starts_with(quote)) {
      return quote.size();
    }
  }
  return 0;
}

// The length of the absolute path at the start of `text`, 0 when there is none.
std::size_t path_length(std::string_view text) {
  if (text.size() < 2 || text[0] != '/' || !(is_word(text[1]) || text[1] == '.')) {
    return 0;
  }
  std::size_t n = 1;
  while (n < text.size() && (is_word(text[n]) || text[n] == '/' || text[n] == '.' ||
                             text[n] == '-' || text[n] == '+' || text[n] == '@')) {
    ++n;
  }
  return n;
}

// gcc's temporary objects have six random characters: /tmp/ccAbC123.o
std::string last_component(std::string_view path) {
  std::string_view name = path.substr(path.rfind('/') + 1);
  if (path.find("/cc") != std::string_view::npos && name.size() == 10 && name.starts_with("cc") &&
      name[8] == '.') {
    return "ccN" + std::string(name.substr(8));
  }
  return std::string(name);
}

// Length of the number at the start of `text`; `hex` tells whether it is an address.
std::size_t number_length(std::string_view text, bool& hex) {
  hex = false;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') && is_hex(text[2])) {
    std::size_t n = 2;
    while (n < text.size() && is_hex(text[n])) {
      ++n;
    }
    hex = true;
    return n;
  }
  std::size_t n = 0;
  while (n < text.size() && is_hex(text[n])) {
    ++n;
  }
  // A bare run of eight or more hexadecimal digits with a digit in it is an address as well.
  if (n >= 8 && (n == text.size() || !is_word(text[n])) &&
      text.substr(0, n).find_first_of("0123456789") != std::string_view::npos) {
    hex = text.substr(0, n).find_first_not_of("0123456789") != std::string_view::npos;
    return n;
  }
  n = 0;
  while (n < text.size() && is_digit(text[n])) {
    ++n;
  }
  return n;
}

}  // namespace

std::string normalise_message(std::string_view message) {
  message = message.substr(0, max_message);
  std::string out;
  out.reserve(message.size());
  std::size_t i = 0;
  while (i < message.size()) {
    const char c = message[i];
    const std::string_view rest = message.substr(i);
    const bool word_before = i > 0 && is_word(message[i - 1]);
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      if (!out.empty() && out.back() != ' ') {
        out.push_back(' ');
      }
      ++i;
    } else if (const std::size_t quote = quote_length(rest); quote > 0) {
      out.push_back('\'');
      i += quote;
    } else if (const std::size_t path = word_before ? 0 : path_length(rest); path > 0) {
      out += last_component(rest.substr(0, path));
      i += path;
    } else if (!word_before && is_hex(c)) {
      bool hex = false;
      const std::size_t number = number_length(rest, hex);
      if (number > 0) {
        out.push_back(hex ? 'X' : 'N');
        i += number;
      } else {
        out.push_back(c);
        ++i;
      }
    } else {
      out.push_back(c);
      ++i;
    }
  }
  while (!out.empty() && out.back() == ' ') {
    out.pop_back();
  }
  return out;
}

std::string normalise_path(std::string_view path) {
  const bool absolute = path.starts_with('/');
  std::vector<std::string_view> parts;
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") {
      continue;
    }
    if (part == "..") {
      if (!parts.empty()) {
        parts.pop_back();
      }
      continue;
    }
    parts.push_back(part);
  }
  std::string out;
  for (const std::string_view part : parts) {
    if (!out.empty() || absolute) {
      out.push_back('/');
    }
    out += part;
  }
  return out;
}

std::string normalise_function(std::string_view function) {
  for (const std::string_view suffix :
       {".isra.", ".constprop.", ".part.", ".cold", ".llvm.", ".lto_priv."}) {
    function = function.substr(0, function.find(suffix));
  }
  return std::string(function);
}

}  // namespace patchmill::findings
