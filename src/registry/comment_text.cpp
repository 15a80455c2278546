#include "registry/comment_text.hpp"

#include "mail/charset.hpp"
#include "mail/header_block.hpp"
#include "mail/line_ends.hpp"
#include "mail/message.hpp"
#include "mail/mime_parts.hpp"
#include "mail/text_forms.hpp"
#include "util/text.hpp"

#include <optional>

namespace patchmill::registry {
namespace {

std::string text_of_part(const mail::Part& part) {
  std::string text =
      mail::to_utf8(mail::decode_transfer(part.body, part.content.encoding), part.content.charset)
          .text;
  std::erase(text, '\0');
  return mail::undo_crlf(text);
}

// Nothing: there is no such part.
std::optional<std::string> text_of_plain_parts(std::string_view raw) {
  const mail::Limits limits;
  if (raw.size() > limits.message_bytes) {
    return std::nullopt;
  }
  const std::string mail = mail::undo_crlf(raw);
  const mail::HeaderBlock header = mail::read_header(mail, 0, limits.header_bytes, true);
  if (header.too_large) {
    return std::nullopt;
  }
  const auto parts = mail::find_parts(mail, header, limits);
  if (!parts) {
    return std::nullopt;
  }
  std::optional<std::string> all;
  for (const mail::Part& part : *parts) {
    if (part.content.is("text", "plain") && !part.preamble) {
      const std::string text = text_of_part(part);
      if (!all) {
        all.emplace();
      }
      *all += trim(text);
      *all += '\n';
    }
  }
  return all;
}

}  // namespace

std::string comment_text(std::string_view raw) {
  if (auto text = text_of_plain_parts(raw)) {
    text->resize(mail::footer_start(*text));
    return std::string(trim(*text));
  }
  auto message = mail::parse_message(raw);
  return message ? std::move(message->text) : std::string();
}

}  // namespace patchmill::registry
