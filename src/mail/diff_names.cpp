#include "mail/diff_names.hpp"

#include "mail/diff_grammar.hpp"
#include "mail/lines.hpp"
#include "util/ascii.hpp"

#include <array>

namespace patchmill::mail {

namespace {

bool is_blank_byte(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && is_blank_byte(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

// "2002-02-21 23:30:39.942229878 -0800" at the end of `text`: where its date starts, or npos.
std::size_t timestamp_start(std::string_view text) {
  static constexpr std::string_view form = "dddd-dd-dd dd:dd:dd";
  const std::string_view body = trim_blanks(text);
  std::size_t pos = body.size();
  const auto back_digits = [&](std::size_t at_least) {
    std::size_t count = 0;
    while (pos > 0 && is_digit(body[pos - 1])) {
      --pos;
      ++count;
    }
    return count >= at_least;
  };
  // Zone, with or without a colon.
  if (!back_digits(2)) {
    return std::string_view::npos;
  }
  if (pos > 0 && body[pos - 1] == ':' && pos >= 4 && is_digit(body[pos - 2]) &&
      is_digit(body[pos - 3]) && (body[pos - 4] == '+' || body[pos - 4] == '-')) {
    pos -= 3;
  }
  if (pos > 0 && (body[pos - 1] == '+' || body[pos - 1] == '-') && pos > 1 &&
      body[pos - 2] == ' ') {
    pos -= 2;
  } else {
    pos = body.size();
  }
  const std::size_t end = pos;
  // Fraction of a second.
  if (back_digits(1) && pos > 0 && body[pos - 1] == '.') {
    --pos;
  } else {
    pos = end;
  }
  if (pos < form.size()) {
    return std::string_view::npos;
  }
  const std::size_t start = pos - form.size();
  for (std::size_t i = 0; i < form.size(); ++i) {
    const bool fits = form[i] == 'd' ? is_digit(body[start + i]) : body[start + i] == form[i];
    if (!fits) {
      return std::string_view::npos;
    }
  }
  return start;
}

// GNU diff -N writes the epoch, in local time, for a file that does not exist.
bool is_epoch(std::string_view stamp) {
  static constexpr std::array<std::string_view, 2> days = {"1969-12-31 ", "1970-01-01 "};
  for (const std::string_view day : days) {
    if (!stamp.starts_with(day) || stamp.size() < 19) {
      continue;
    }
    const auto two = [&](std::size_t at) { return (stamp[at] - '0') * 10 + (stamp[at + 1] - '0'); };
    for (const std::size_t at : {std::size_t{11}, std::size_t{14}, std::size_t{17}}) {
      if (!is_digit(stamp[at]) || !is_digit(stamp[at + 1])) {
        return false;
      }
    }
    std::size_t pos = 19;
    if (pos < stamp.size() && stamp[pos] == '.') {
      for (++pos; pos < stamp.size() && is_digit(stamp[pos]); ++pos) {
        if (stamp[pos] != '0') {
          return false;
        }
      }
    }
    if (pos + 4 > stamp.size() || stamp[pos] != ' ') {
      return false;
    }
    const char sign = stamp[pos + 1];
    std::string digits;
    for (const char c : stamp.substr(pos + 2)) {
      if (is_digit(c)) {
        digits += c;
      } else if (c != ':') {
        break;
      }
    }
    if ((sign != '+' && sign != '-') || digits.size() != 4) {
      return false;
    }
    const int offset =
        ((digits[0] - '0') * 10 + digits[1] - '0') * 60 + (digits[2] - '0') * 10 + digits[3] - '0';
    const int minutes = two(11) * 60 + two(14) - (day == days[0] ? 24 * 60 : 0);
    return two(17) == 0 && minutes == (sign == '-' ? -offset : offset);
  }
  return false;
}

// The first name of "diff --git X Y" when it is quoted, or both.
struct Piece {
  std::string name;
  std::size_t length = 0;
};
std::optional<Piece> quoted_piece(std::string_view text) {
  Piece piece;
  if (auto name = unquote_path(text, piece.length)) {
    piece.name = std::move(*name);
    return piece;
  }
  return std::nullopt;
}

std::optional<GitNames> agree(std::string_view first, std::string_view second) {
  // With prefixes the two sides differ in their first component; equal names have none.
  if (first == second && !first.starts_with("a/") && !first.starts_with("b/")) {
    return GitNames{std::string(first), 0};
  }
  const auto a = strip_component(first);
  const auto b = strip_component(second);
  if (a && b && *a == *b && !a->empty()) {
    return GitNames{*a, 1};
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> strip_component(std::string_view path) {
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos) {
    return std::nullopt;
  }
  return std::string(path.substr(slash + 1));
}

std::optional<SideName> read_side(std::string_view rest, bool traditional) {
  SideName side;
  if (rest.starts_with("/dev/null") && (rest.size() == 9 || is_blank_byte(rest[9]))) {
    side.dev_null = true;
    return side;
  }
  std::string_view stamp;
  if (rest.starts_with('"')) {
    std::size_t length = 0;
    if (auto name = unquote_path(rest, length)) {
      side.path = std::move(*name);
      stamp = rest.substr(length);
    }
  }
  if (side.path.empty()) {
    std::size_t end = rest.find('\t');
    if (end == std::string_view::npos && traditional) {
      end = timestamp_start(rest);
    }
    if (end == std::string_view::npos) {
      end = rest.size();
    } else {
      stamp = rest.substr(end);
    }
    side.path = traditional ? trim_blanks(rest.substr(0, end)) : without_cr(rest.substr(0, end));
  }
  if (side.path.empty()) {
    return std::nullopt;
  }
  if (traditional) {
    while (!stamp.empty() && is_blank_byte(stamp.front())) {
      stamp.remove_prefix(1);
    }
    side.dev_null = is_epoch(trim_blanks(stamp));
  }
  return side;
}

std::string read_plain_name(std::string_view rest) {
  rest = without_cr(rest);
  std::size_t length = 0;
  if (auto name = unquote_path(rest, length)) {
    return *name;
  }
  return std::string(rest);
}

std::optional<GitNames> read_git_names(std::string_view rest) {
  rest = without_cr(rest);
  if (rest.starts_with('"')) {
    const auto first = quoted_piece(rest);
    if (!first || first->length >= rest.size() || !is_blank_byte(rest[first->length])) {
      return std::nullopt;
    }
    const std::string_view tail = rest.substr(first->length + 1);
    if (tail.starts_with('"')) {
      const auto second = quoted_piece(tail);
      return second ? agree(first->name, second->name) : std::nullopt;
    }
    return agree(first->name, tail);
  }
  if (rest.ends_with('"')) {
    const std::size_t quote = rest.find(" \"");
    if (quote != std::string_view::npos) {
      if (const auto second = quoted_piece(rest.substr(quote + 1))) {
        return agree(rest.substr(0, quote), second->name);
      }
    }
  }
  // Equal halves around a space: no prefixes.
  if (rest.size() % 2 == 1 && is_blank_byte(rest[rest.size() / 2])) {
    const std::size_t half = rest.size() / 2;
    if (rest.substr(0, half) == rest.substr(half + 1)) {
      return agree(rest.substr(0, half), rest.substr(half + 1));
    }
  }
  // Names may hold spaces: the right one splits the line so that both sides agree after their
  // first component. The left side grows while the right one shrinks, so there is only one.
  const std::size_t first_slash = rest.find('/');
  if (first_slash == std::string_view::npos) {
    return std::nullopt;
  }
  std::size_t second_slash = first_slash;
  for (std::size_t i = first_slash + 1; i < rest.size(); ++i) {
    if (!is_blank_byte(rest[i])) {
      continue;
    }
    if (second_slash <= i) {
      second_slash = rest.find('/', i + 1);
      if (second_slash == std::string_view::npos) {
        return std::nullopt;
      }
    }
    const std::size_t left = i - first_slash - 1;
    const std::size_t right = rest.size() - second_slash - 1;
    if (left == right && left > 0 &&
        rest.substr(first_slash + 1, left) == rest.substr(second_slash + 1)) {
      return GitNames{std::string(rest.substr(first_slash + 1, left)), 1};
    }
  }
  return std::nullopt;
}

}  // namespace patchmill::mail
