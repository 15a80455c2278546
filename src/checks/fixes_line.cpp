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

// Where the last ")" with a closing quote before it is; what is quoted begins at `from`.
template <class Marks>
std::size_t last_close(std::string_view text, std::size_t from, const Marks& marks) {
  for (std::size_t at = text.rfind(')'); at != std::string_view::npos && at > from;
       at = text.rfind(')', at - 1)) {
    if (ends_with_any(text.substr(from, at - from), marks) > 0) {
      return at;
    }
  }
  return std::string_view::npos;
}

// Where the parenthesis at the front is closed; the subject may have pairs of its own.
std::size_t matching_close(std::string_view text) {
  if (text.ends_with(')')) {
    return text.size() - 1;
  }
  int depth = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
    if (depth == 0) {
      return at;
    }
  }
  return std::string_view::npos;
}

// Where the parenthesis at the front ends; npos: nowhere. A subject may have quotes and
// parentheses, so that of a quoted one the last that fit are taken.
std::size_t end_of_subject(std::string_view text) {
  const std::string_view inner = text.substr(1);
  const std::size_t opened = starts_with_any(inner, k_double_open);
  const std::size_t single = opened > 0 ? 0 : starts_with_any(inner, k_single_open);
  if (opened + single == 0) {
    return matching_close(text);
  }
  const std::size_t from = 1 + opened + single;
  const std::size_t close =
      opened > 0 ? last_close(text, from, k_double_close) : last_close(text, from, k_single_close);
  if (close != std::string_view::npos) {
    return close;
  }
  return text.ends_with(')') ? text.size() - 1 : std::string_view::npos;
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
    const std::size_t close = end_of_subject(rest);
    if (close == std::string_view::npos) {
      line.problems.emplace_back("the subject has an opening but no closing parenthesis");
      rest = rest.substr(1);
    } else {
      if (const auto behind = trim(rest.substr(close + 1)); !behind.empty()) {
        line.problems.push_back(fmt::format("nothing may stand behind the subject, but '{}' does",
                                            ellipsize(behind, 60)));
      }
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
  rest = trim(rest);
  // What was left out cannot be all of it.
  if (rest.find_first_not_of(". \t") == std::string_view::npos) {
    line.problems.emplace_back("the subject of the commit is missing");
    return line;
  }
  line.subject = rest;
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
    const auto front = trim(written.substr(0, written.size() - dots.size()));
    return verdict(!front.empty() && target.starts_with(front));
  }
  if (written.starts_with(dots)) {
    const auto back = trim(written.substr(dots.size()));
    return verdict(!back.empty() && target.ends_with(back));
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
