#include "api/patchwork/mails.hpp"

#include "mail/header_block.hpp"
#include "mail/line_ends.hpp"
#include "mail/message.hpp"
#include "registry/comment_text.hpp"

#include <algorithm>

namespace patchmill::api::patchwork {
namespace {

constexpr std::size_t k_header_bytes = 1u << 20;

std::vector<std::pair<std::string, std::string>> headers_of(std::string_view raw) {
  std::vector<std::pair<std::string, std::string>> headers;
  const std::string lines = mail::undo_crlf(raw.substr(0, 2 * k_header_bytes));
  for (const auto& field : mail::read_header(lines, 0, k_header_bytes, true).fields) {
    // Blanks at the end are the sender's.
    const auto first = std::min(field.value.find_first_not_of(" \t"), field.value.size());
    const auto last = field.value.find_last_not_of("\r\n");
    headers.emplace_back(field.name, last == std::string_view::npos || last < first
                                         ? std::string_view{}
                                         : field.value.substr(first, last - first + 1));
  }
  return headers;
}

}  // namespace

MailParts parts_of_submission(std::string_view raw) {
  MailParts parts;
  parts.headers = headers_of(raw);
  if (auto message = mail::parse_message(raw)) {
    parts.content = std::move(message->text);
    parts.diff = std::move(message->diff);
  }
  return parts;
}

MailParts parts_of_comment(std::string_view raw) {
  MailParts parts;
  parts.headers = headers_of(raw);
  parts.content = registry::comment_text(raw);
  return parts;
}

}  // namespace patchmill::api::patchwork
