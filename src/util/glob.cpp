#include "util/text.hpp"

#include <optional>

namespace patchmill {
namespace {

struct BracketMatch {
  bool matches = false;
  std::size_t end = 0;  // first pattern position after the ']'
};

// A bracket expression at pattern[open]; nothing when it is not closed (then '[' is itself).
std::optional<BracketMatch> match_bracket(std::string_view pattern, std::size_t open, char c) {
  std::size_t i = open + 1;
  bool negated = false;
  if (i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^')) {
    negated = true;
    ++i;
  }
  bool found = false;
  for (const std::size_t first = i; i < pattern.size(); ++i) {
    if (pattern[i] == ']' && i != first) {
      return BracketMatch{found != negated, i + 1};
    }
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      const auto byte = static_cast<unsigned char>(c);
      found = found || (static_cast<unsigned char>(pattern[i]) <= byte &&
                        byte <= static_cast<unsigned char>(pattern[i + 2]));
      i += 2;
    } else {
      found = found || pattern[i] == c;
    }
  }
  return std::nullopt;
}

// Matches one character of text; returns the next pattern position, or nothing.
std::optional<std::size_t> match_one(std::string_view pattern, std::size_t p, char c) {
  if (pattern[p] == '?') {
    return p + 1;
  }
  if (pattern[p] == '[') {
    if (const auto bracket = match_bracket(pattern, p, c)) {
      return bracket->matches ? std::optional(bracket->end) : std::nullopt;
    }
  }
  if (pattern[p] == '\\' && p + 1 < pattern.size()) {
    return pattern[p + 1] == c ? std::optional(p + 2) : std::nullopt;
  }
  return pattern[p] == c ? std::optional(p + 1) : std::nullopt;
}

}  // namespace

// Backtracks to the last '*' only, so the time is bounded by the product of the lengths.
bool glob_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::optional<std::size_t> star;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
      continue;
    }
    const auto next = p < pattern.size() ? match_one(pattern, p, text[t]) : std::nullopt;
    if (next) {
      p = *next;
      ++t;
    } else if (star) {
      p = *star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') {
    ++p;
  }
  return p == pattern.size();
}

}  // namespace patchmill
