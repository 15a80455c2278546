#include "checks/fixes_line.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>

namespace patchmill::checks {
namespace {

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

constexpr std::array<std::string_view, 2> k_double_open = {"\"", "\u201c"};
constexpr std::array<std::string_view, 2> k_double_close = {"\"", "\u201d"};
constexpr std::array<std::string_view, 2> k_single_open = {"'", "\u2018"};
constexpr std::array<std::string_view, 2> k_single_close = {"'", "\u2019"};

template <class Marks>
std::size_t starts_with_any(std::string_view text, const Marks& marks) {
  for (const std::string_view mark : marks) {
    if (text.starts_with(mark)) {
      return mark.size();
    }
  }
  return 0;
}

template <class Marks>
std::size_t ends_with_any(std::string_view text, const Marks& marks) {
  for (const std::string_view mark : marks) {
    if (text.ends_with(mark)) {
      return mark.size();
    }
  }
  return 0;
}

template <class Open, class Close>
std::optional<std::string_view> unquote(std::string_view text, const Open& open,
                                        const Close& close) {
  const std::size_t front = starts_with_any(text, open);
  if (front == 0 || text.size() < front + 1) {
    return std::nullopt;
  }
  const std::size_t back = ends_with_any(text.substr(front), close);
  if (back == 0) {
    return std::nullopt;
  }
  return text.substr(front, text.size() - front - back);
}

}  // namespace

FixesLine parse_fixes(std::string_view value) {
  FixesLine line;
  std::string_view rest = value;
  constexpr std::string_view commit_word = "commit";
  if (istarts_with(rest, commit_word)) {
    line.problems.push_back(
        fmt::format("leading word '{}' unexpected", rest.substr(0, commit_word.size())));
    rest = trim(rest.substr(commit_word.size()));
  }
  std::size_t digits = 0;
  while (digits < rest.size() && is_hex(rest[digits])) {
    ++digits;
  }
  if (digits < 5) {
    line.problems = {"no commit id recognised"};
    return line;
  }
  line.id = rest.substr(0, digits);
  rest = rest.substr(digits);
  const bool space = !rest.empty() && (rest.front() == ' ' || rest.front() == '\t');
  rest = trim(rest);
  if (digits < 12) {
    line.problems.emplace_back("the commit id should have at least 12 digits");
  }
  if (rest.empty()) {
    line.problems.emplace_back("the subject of the commit is missing");
    return line;
  }
  if (!space) {
    line.problems.emplace_back("a space is missing between the commit id and the subject");
  }

  if (rest.front() == '(') {
    const std::size_t close = rest.rfind(')');
    if (close == std::string_view::npos) {
      line.problems.emplace_back("the subject has an opening but no closing parenthesis");
      rest = rest.substr(1);
    } else {
      rest = rest.substr(1, close - 1);
    }
  }
  if (const auto inner = unquote(rest, k_double_open, k_double_close)) {
    rest = *inner;
  } else if (const auto single = unquote(rest, k_single_open, k_single_close)) {
    rest = *single;
  } else if (const std::size_t mark =
                 starts_with_any(rest, k_double_open) + starts_with_any(rest, k_single_open)) {
    line.problems.emplace_back("the subject has an opening but no closing quote");
    rest = rest.substr(mark);
  }
  line.subject = trim(rest);
  return line;
}

SubjectMatch match_subject(std::string_view written, std::string_view target) {
  constexpr std::string_view dots = "...";
  constexpr std::string_view middle = " ... ";
  written = trim(written);
  target = trim(target);
  if (written == target) {
    return SubjectMatch::equal;
  }
  const auto verdict = [](bool equal) {
    return equal ? SubjectMatch::equal : SubjectMatch::different;
  };
  if (written.ends_with(dots)) {
    return verdict(target.starts_with(trim(written.substr(0, written.size() - dots.size()))));
  }
  if (written.starts_with(dots)) {
    return verdict(target.ends_with(trim(written.substr(dots.size()))));
  }
  if (const std::size_t at = written.find(middle); at != std::string_view::npos) {
    const std::string_view front = written.substr(0, at);
    const std::string_view back = written.substr(at + middle.size());
    return verdict(front.size() + back.size() <= target.size() && target.starts_with(front) &&
                   target.ends_with(back));
  }
  return !written.empty() && target.starts_with(written) ? SubjectMatch::beginning
                                                         : SubjectMatch::different;
}

}  // namespace patchmill::checks
