#include "web/html.hpp"

#include "http/prepare.hpp"
#include "util/text.hpp"

#include <algorithm>

namespace patchmill::web {
namespace {

constexpr std::size_t k_longest_link = 2000;

// Whether there is nothing to spell out or to mend: the common case by far.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\t'; });
}

bool may_be_in_link(char c) {
  return c > 0x20 && c < 0x7f && c != '<' && c != '>' && c != '"' && c != '\'' && c != '`' &&
         c != '\\' && c != '^' && c != '{' && c != '}' && c != '|';
}

// How long the link at the beginning of the text is; 0: there is none.
std::size_t link_length(std::string_view text) {
  const std::size_t scheme = text.starts_with("https://") ? 8 : text.starts_with("http://") ? 7 : 0;
  if (scheme == 0) {
    return 0;
  }
  std::size_t end = scheme;
  bool opened = false;
  while (end < text.size() && end < k_longest_link && may_be_in_link(text[end])) {
    opened = opened || text[end] == '(';
    ++end;
  }
  // Punctuation of the sentence around it.
  while (end > scheme &&
         (std::string_view(".,;:!?]").find(text[end - 1]) != std::string_view::npos ||
          (text[end - 1] == ')' && !opened))) {
    --end;
  }
  return end > scheme ? end : 0;
}

}  // namespace

std::string show(std::string_view text) {
  return is_plain(text) ? std::string(text) : escape_terminal(mend_utf8(text), true);
}

Html& Html::text(std::string_view value) {
  if (is_plain(value)) {
    m_text += http::escape_html(value);
  } else {
    m_text += http::escape_html(show(value));
  }
  return *this;
}

Html& Html::number(std::int64_t value) {
  m_text += std::to_string(value);
  return *this;
}

Html linkify(std::string_view text) {
  Html html;
  std::size_t done = 0;
  std::size_t at = 0;
  while ((at = text.find("http", at)) != std::string_view::npos) {
    const std::size_t length = link_length(text.substr(at, k_longest_link));
    if (length == 0) {
      at += 4;
      continue;
    }
    const std::string_view link = text.substr(at, length);
    html.text(text.substr(done, at - done));
    html.raw("<a rel=\"nofollow noopener noreferrer ugc\" href=\"")
        .text(link)
        .raw("\">")
        .text(link)
        .raw("</a>");
    at += length;
    done = at;
  }
  html.text(text.substr(done));
  return html;
}

}  // namespace patchmill::web
