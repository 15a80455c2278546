#include "mail/subject.hpp"

#include "mail/reply_marks.hpp"
#include "util/ascii.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>

namespace patchmill::mail {

namespace {

// Stands for every number that is too large.
constexpr int k_too_large = k_largest_number + 1;

bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view skip_space(std::string_view text) {
  std::size_t start = 0;
  while (start < text.size() && is_space(text[start])) {
    ++start;
  }
  return text.substr(start);
}

std::size_t digits_at(std::string_view text, std::size_t pos) {
  std::size_t end = pos;
  while (end < text.size() && is_digit(text[end])) {
    ++end;
  }
  return end - pos;
}

int number_of(std::string_view digits) {
  int value = 0;
  for (const char c : digits) {
    value = value * 10 + (c - '0');
    if (value > k_largest_number) {
      return k_too_large;
    }
  }
  return value;
}

// "1 of 2" at the start of `text`: how long it is, or 0.
std::size_t mercurial_counter(std::string_view text) {
  const std::size_t first = digits_at(text, 0);
  if (first == 0 || text.substr(first, 4) != " of ") {
    return 0;
  }
  const std::size_t second = digits_at(text, first + 4);
  return second == 0 ? 0 : first + 4 + second;
}

// Tokens are separated by commas and white space, but Mercurial's "PATCH n of m" holds together.
void split_tokens(std::string_view bracket, std::vector<std::string>& tokens) {
  if (istarts_with(bracket, "patch") && bracket.size() > 5 && is_space(bracket[5])) {
    const std::string_view rest = skip_space(bracket.substr(5));
    if (const std::size_t length = mercurial_counter(rest); length > 0) {
      tokens.emplace_back(bracket.substr(0, 5));
      tokens.emplace_back(rest.substr(0, length));
      bracket = rest.substr(length);
    }
  }
  std::size_t pos = 0;
  while (pos < bracket.size()) {
    while (pos < bracket.size() && (bracket[pos] == ',' || is_space(bracket[pos]))) {
      ++pos;
    }
    const std::size_t start = pos;
    while (pos < bracket.size() && bracket[pos] != ',' && !is_space(bracket[pos])) {
      ++pos;
    }
    if (pos > start) {
      tokens.emplace_back(bracket.substr(start, pos - start));
    }
  }
}

struct Counter {
  int number = 0, total = 0;
};

// Patchwork: the first token that matches ".*?([0-9]+)(?:/| of )([0-9]+)$"; text after the
// counter is accepted when it is a version ("5/6v2").
std::optional<Counter> find_counter(std::string_view token) {
  std::string_view body = token;
  std::size_t end = body.size();
  while (end > 0 && is_digit(body[end - 1])) {
    --end;
  }
  if (end >= 2 && end < body.size() && (body[end - 1] == 'v' || body[end - 1] == 'V') &&
      is_digit(body[end - 2])) {
    body = body.substr(0, end - 1);
  }
  std::size_t total_start = body.size();
  while (total_start > 0 && is_digit(body[total_start - 1])) {
    --total_start;
  }
  if (total_start == body.size()) {
    return std::nullopt;
  }
  std::size_t number_end = 0;
  if (total_start >= 1 && body[total_start - 1] == '/') {
    number_end = total_start - 1;
  } else if (total_start >= 4 && body.substr(total_start - 4, 4) == " of ") {
    number_end = total_start - 4;
  } else {
    return std::nullopt;
  }
  std::size_t number_start = number_end;
  while (number_start > 0 && is_digit(body[number_start - 1])) {
    --number_start;
  }
  if (number_start == number_end) {
    return std::nullopt;
  }
  return Counter{number_of(body.substr(number_start, number_end - number_start)),
                 number_of(body.substr(total_start))};
}

// The version a token names: "v2", "V2", "PATCHv4", "RFC-v3", "v2.1", "v5a", "rev2", "ver2",
// "v2PATCH12/15", "5/6v2". A bare letter "v" inside a longer word ("ipv6", "riscv64") does not.
std::optional<int> version_of(std::string_view token) {
  static constexpr std::array<std::string_view, 6> openers = {"rev",   "ver", "take",
                                                              "patch", "rfc", "resend"};
  const auto number_at = [&](std::size_t pos) -> std::optional<int> {
    const std::size_t length = digits_at(token, pos);
    if (length == 0) {
      return std::nullopt;
    }
    return number_of(token.substr(pos, length));
  };
  // What may follow the number: nothing, "a", ".1", "PATCH…", a separator.
  const auto well_ended = [&](std::size_t pos) {
    pos += digits_at(token, pos);
    const std::string_view tail = token.substr(pos);
    if (tail.empty() || tail[0] == '-' || tail[0] == '+' || tail[0] == ':' || tail[0] == ';') {
      return true;
    }
    if (tail[0] == '.') {
      return tail.size() > 1 && is_digit(tail[1]);
    }
    return (tail.size() == 1 && is_alpha(tail[0])) || istarts_with(tail, "patch") ||
           istarts_with(tail, "rfc");
  };
  if (token.size() > 1 && (token[0] == 'v' || token[0] == 'V') && is_digit(token[1]) &&
      well_ended(1)) {
    return number_at(1);
  }
  for (const std::string_view opener : openers) {
    if (!istarts_with(token, opener)) {
      continue;
    }
    std::size_t pos = opener.size();
    const bool names_version = opener == "rev" || opener == "ver" || opener == "take";
    if (!names_version) {
      while (pos < token.size() && (token[pos] == '-' || token[pos] == '_' || token[pos] == '.')) {
        ++pos;
      }
      if (pos >= token.size() || (token[pos] != 'v' && token[pos] != 'V')) {
        continue;
      }
      ++pos;
    }
    if (pos < token.size() && is_digit(token[pos]) && well_ended(pos)) {
      return number_at(pos);
    }
  }
  // "5/6v2"
  std::size_t end = token.size();
  while (end > 0 && is_digit(token[end - 1])) {
    --end;
  }
  if (end < token.size() && end >= 2 && (token[end - 1] == 'v' || token[end - 1] == 'V') &&
      is_digit(token[end - 2]) && find_counter(token)) {
    return number_at(end);
  }
  return std::nullopt;
}

// "(v3)" anywhere in the title.
std::optional<int> version_in_title(std::string_view title) {
  for (std::size_t pos = title.find('('); pos != std::string_view::npos;
       pos = title.find('(', pos + 1)) {
    if (pos + 2 < title.size() && (title[pos + 1] == 'v' || title[pos + 1] == 'V')) {
      const std::size_t length = digits_at(title, pos + 2);
      if (length > 0 && pos + 2 + length < title.size() && title[pos + 2 + length] == ')') {
        return number_of(title.substr(pos + 2, length));
      }
    }
  }
  return std::nullopt;
}

// "v 2", "take 3", "rev 2", "version 2", "try #2": a word and its number in the next token.
bool is_version_word(std::string_view token) {
  return iequals(token, "v") || iequals(token, "take") || iequals(token, "rev") ||
         iequals(token, "version") || iequals(token, "try");
}
std::optional<int> number_word(std::string_view token) {
  if (!token.empty() && token[0] == '#') {
    token.remove_prefix(1);
  }
  if (token.empty() || digits_at(token, 0) != token.size()) {
    return std::nullopt;
  }
  return number_of(token);
}

bool is_list_word(std::string_view token, const std::vector<std::string>& list_words) {
  return std::ranges::any_of(list_words,
                             [&](const std::string& word) { return iequals(token, word); });
}

bool contains_word(std::string_view token, std::string_view word) {
  for (std::size_t pos = 0; pos + word.size() <= token.size(); ++pos) {
    if (iequals(token.substr(pos, word.size()), word) && (pos == 0 || !is_alpha(token[pos - 1])) &&
        (pos + word.size() == token.size() || !is_alpha(token[pos + word.size()]) ||
         token[pos + word.size()] == 'v' || token[pos + word.size()] == 'V')) {
      return true;
    }
  }
  return false;
}

int clamp(int number, Subject& subject) {
  subject.is_clamped = subject.is_clamped || number > k_largest_number;
  return std::min(number, k_largest_number);
}

void read_tokens(Subject& subject) {
  const std::vector<std::string>& tokens = subject.tokens;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string& token = tokens[i];
    bool counter_or_version = false;
    if (const auto counter = find_counter(token)) {
      counter_or_version = true;
      if (!subject.number) {
        subject.number = clamp(counter->number, subject);
        subject.total = clamp(counter->total, subject);
      }
    }
    auto version = version_of(token);
    if (!version && is_version_word(token) && i + 1 < tokens.size()) {
      version = number_word(tokens[i + 1]);
      if (version) {
        ++i;
      }
    }
    if (version) {
      counter_or_version = true;
      if (!subject.version_given) {
        subject.version = clamp(*version, subject);
        subject.version_given = true;
      }
    }
    subject.is_rfc = subject.is_rfc || contains_word(token, "rfc");
    subject.is_resend =
        subject.is_resend || contains_word(token, "resend") || contains_word(token, "repost");
    if (!counter_or_version) {
      subject.prefixes.push_back(token);
    }
  }
}

}  // namespace

std::string Subject::patchwork_name() const {
  std::string name;
  if (!tokens.empty()) {
    name = "[" + join(tokens, ",") + "] ";
  }
  name += title;
  std::size_t characters = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if ((static_cast<unsigned char>(name[i]) & 0xC0U) != 0x80U && ++characters > 255) {
      name.resize(i);
      break;
    }
  }
  return name;
}

Subject parse_subject(std::string_view decoded, const std::vector<std::string>& list_words) {
  Subject subject;
  const std::string line = collapse_whitespace(decoded);
  std::string_view rest = trim(line);
  std::vector<std::string> tokens;
  for (bool first = true;; first = false) {
    const ReplyMarks marks = strip_reply_marks(rest);
    // Behind a list tag a mark needs another bracket: "[PATCH] Re: x" is a title.
    if (first || marks.rest.starts_with('[')) {
      subject.is_reply = subject.is_reply || marks.reply || marks.forward;
      subject.is_forward = subject.is_forward || marks.forward;
      rest = marks.rest;
    }
    if (!rest.starts_with('[')) {
      break;
    }
    const std::size_t close = rest.find(']');
    if (close == std::string_view::npos) {
      break;
    }
    split_tokens(rest.substr(1, close - 1), tokens);
    rest = skip_space(rest.substr(close + 1));
  }
  for (std::string& token : tokens) {
    subject.says_patch = subject.says_patch || contains_word(token, "patch");
    if (!iequals(token, "patch") && !is_list_word(token, list_words)) {
      subject.tokens.push_back(std::move(token));
    }
  }
  subject.title = rest;
  read_tokens(subject);
  if (!subject.version_given) {
    if (const auto version = version_in_title(rest)) {
      subject.version = clamp(*version, subject);
      subject.version_given = true;
    }
  }
  return subject;
}

std::string normalize_title(std::string_view title) {
  const std::string lower = collapse_whitespace(to_lower(title));
  const auto without_brackets = [](std::string_view word) {
    while (!word.empty() && (word.front() == '(' || word.front() == '[')) {
      word.remove_prefix(1);
    }
    while (!word.empty() &&
           (word.back() == ')' || word.back() == ']' || word.back() == ',' || word.back() == ':')) {
      word.remove_suffix(1);
    }
    return word;
  };
  std::vector<std::string> words;
  for (const std::string_view word : split(trim(lower), ' ')) {
    const std::string_view bare = without_brackets(word);
    if (bare.size() > 1 && bare[0] == 'v' && digits_at(bare, 1) == bare.size() - 1) {
      continue;
    }
    std::string_view number = word;
    while (!number.empty() && (number.back() == ')' || number.back() == ']')) {
      number.remove_suffix(1);
    }
    // Looking back rather than ahead, so that what is left holds nothing more to remove.
    if (!words.empty() && number_word(number)) {
      const std::string_view before = without_brackets(words.back());
      if (before == "take" || before == "try" || before == "version") {
        words.pop_back();
        continue;
      }
    }
    if (!word.empty()) {
      words.emplace_back(word);
    }
  }
  return join(words, " ");
}

}  // namespace patchmill::mail
