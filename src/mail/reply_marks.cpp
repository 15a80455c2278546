#include "mail/reply_marks.hpp"

#include "util/text.hpp"

#include <array>
#include <cstddef>

namespace patchmill::mail {

namespace {

struct Mark {
  std::string_view word;
  bool forward;
  bool sure;  // never the start of a title
};

// What mail programs write in their users' languages.
constexpr std::array<Mark, 24> known_marks = {{
    {"re", false, true},   {"aw", false, true},   {"antw", false, true}, {"antwort", false, true},
    {"sv", false, true},   {"fwd", true, true},   {"fw", true, true},    {"wg", true, true},
    {"tr", true, false},   {"回复", false, true}, {"答复", false, true}, {"回覆", false, true},
    {"转发", true, true},  {"轉寄", true, true},  {"vs", false, false},  {"vb", true, false},
    {"rv", true, false},   {"enc", true, false},  {"odp", false, false}, {"ynt", false, false},
    {"res", false, false}, {"r", false, false},   {"rif", false, false}, {"i", true, false},
}};

constexpr std::string_view full_width_colon = "\xEF\xBC\x9A";

std::string_view skip_spaces(std::string_view text) {
  while (!text.empty() && (text[0] == ' ' || text[0] == '\t')) {
    text.remove_prefix(1);
  }
  return text;
}

// "[2]", "(3)", "^2" between the word and the colon.
std::string_view skip_count(std::string_view text) {
  if (text.empty() || (text[0] != '[' && text[0] != '(' && text[0] != '^')) {
    return text;
  }
  std::size_t pos = 1;
  while (pos < text.size() && text[pos] >= '0' && text[pos] <= '9') {
    ++pos;
  }
  if (pos == 1) {
    return text;
  }
  if (text[0] == '^') {
    return text.substr(pos);
  }
  const char close = text[0] == '[' ? ']' : ')';
  return pos < text.size() && text[pos] == close ? text.substr(pos + 1) : text;
}

struct Found {
  const Mark* mark = nullptr;
  std::string_view rest;
};

Found one_mark(std::string_view text) {
  for (const Mark& mark : known_marks) {
    if (!istarts_with(text, mark.word)) {
      continue;
    }
    const std::string_view after = text.substr(mark.word.size());
    const std::string_view colon = skip_spaces(skip_count(after));
    if (colon.starts_with(':')) {
      return {&mark, skip_spaces(colon.substr(1))};
    }
    if (colon.starts_with(full_width_colon)) {
      return {&mark, skip_spaces(colon.substr(full_width_colon.size()))};
    }
    if ((mark.word == "re" || mark.word == "fw" || mark.word == "fwd") && after.starts_with(' ') &&
        skip_spaces(after).starts_with('[')) {
      return {&mark, skip_spaces(after)};
    }
  }
  return {};
}

}  // namespace

ReplyMarks strip_reply_marks(std::string_view subject) {
  ReplyMarks result;
  bool reply = false, forward = false;  // of the unsure marks since the last sure one
  result.rest = subject;
  std::string_view text = subject;
  for (;;) {
    const Found found = one_mark(text);
    if (found.mark == nullptr) {
      break;
    }
    (found.mark->forward ? forward : reply) = true;
    text = found.rest;
    if (found.mark->sure || text.starts_with('[')) {
      result.rest = text;
      result.reply = result.reply || reply;
      result.forward = result.forward || forward;
    }
  }
  return result;
}

}  // namespace patchmill::mail
