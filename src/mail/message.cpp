#include "mail/message.hpp"

#include "mail/body.hpp"
#include "mail/date.hpp"
#include "mail/encoded_words.hpp"
#include "mail/header_block.hpp"
#include "mail/in_body.hpp"
#include "mail/line_ends.hpp"
#include "mail/lines.hpp"
#include "mail/list_rewrite.hpp"
#include "mail/message_ids.hpp"
#include "mail/mime_parts.hpp"
#include "mail/pull_request.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <iterator>

namespace patchmill::mail {

namespace {

std::string shown_header(std::string_view text) {
  return "\"" + escape_terminal(ellipsize(decode_header(text.substr(0, 400)), 120)) + "\"";
}

// Subjects and names end up in tables and on pages: longer ones are no use to anybody.
constexpr std::size_t max_subject = 4000;

std::string one_line(std::string_view raw) {
  return ellipsize(trim(collapse_whitespace(decode_header(raw))), max_subject);
}

std::vector<Address> all_addresses(const HeaderBlock& header, std::string_view name) {
  std::vector<Address> result;
  for (const HeaderField& field : header.fields) {
    if (iequals(field.name, name)) {
      auto some = parse_addresses(field.value);
      std::ranges::move(some, std::back_inserter(result));
    }
  }
  return result;
}

Result<void> read_from(const HeaderBlock& header, Message& message) {
  const auto value = find_field(header, "From");
  if (!value) {
    return fail(ErrorKind::invalid, "the mail has no From header");
  }
  auto addresses = parse_addresses(*value, AddressField::author);
  if (addresses.empty()) {
    return fail(ErrorKind::invalid,
                "the From header " + shown_header(*value) + " has no mail address");
  }
  message.from = std::move(addresses.front());
  if (auto author = undo_list_rewrite(message.from, header)) {
    message.mended.push_back("From was rewritten by the list (" + to_string(message.from) + ")");
    message.sender = std::move(message.from);
    message.from = std::move(*author);
  }
  return {};
}

void read_date(const HeaderBlock& header, Message& message) {
  const auto value = find_field(header, "Date");
  if (!value) {
    message.mended.emplace_back("has no Date header");
    return;
  }
  if (const auto date = parse_zoned_date(unfold(*value))) {
    message.date = date->time;
    message.date_offset = date->offset_minutes;
  } else {
    message.mended.push_back("has no readable date: " + shown_header(*value));
  }
}

void read_subject(const HeaderBlock& header, Message& message) {
  if (const auto value = find_field(header, "Subject")) {
    message.subject = one_line(*value);
  } else {
    message.mended.emplace_back("has no Subject header");
  }
}

void read_headers(const HeaderBlock& header, Message& message) {
  message.headers.reserve(header.fields.size());
  for (const HeaderField& field : header.fields) {
    message.headers.emplace_back(field.name, decode_header(field.value));
  }
}

bool has_scissors(std::string_view text) {
  for (std::size_t pos = text.find("8<"); pos != std::string_view::npos;
       pos = text.find("8<", pos + 2)) {
    const std::size_t start = text.rfind('\n', pos) + 1;  // npos + 1 is 0
    const std::string_view line = text.substr(start, text.find('\n', pos) - start);
    if (line.find_first_not_of("-><8 ") == std::string_view::npos && line.size() >= 4) {
      return true;
    }
  }
  return false;
}

// What git am would refuse a patch for.
void note_author(const InBody& in_body, Message& message) {
  if (message.diff.empty()) {
    return;
  }
  if (!message.date && !message.in_body_date) {
    message.mended.emplace_back("its commit gets the date of the one before it");
  }
  if (in_body.unread.empty()) {
    return;
  }
  const bool from = istarts_with(in_body.unread, "From");
  message.mended.push_back("its text begins with " + shown_header(in_body.unread) +
                           (from ? ", which has no mail address; its sender is taken for the author"
                                 : ", which is no date that can be read; kept as text"));
}

void note_body(Message& message) {
  if (!message.diff.empty() &&
      (has_scissors(message.text) || message.text.find("-- >8 --") != std::string::npos)) {
    message.mended.emplace_back("has a scissors line; kept as text, as git am does by default");
  }
}

}  // namespace

std::optional<std::string_view> Message::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key.size() == name.size() && iequals(key, name)) {
      return value;
    }
  }
  return std::nullopt;
}

namespace {

bool header_has_crlf(std::string_view raw) {
  const std::size_t at = raw.find("\r\n");
  return at != std::string_view::npos && at < raw.find("\n\n");
}

}  // namespace

Result<Message> parse_message(std::string_view raw, const Limits& limits) {
  if (raw.size() > limits.message_bytes) {
    return fail(ErrorKind::limit,
                "the mail is larger than " + std::to_string(limits.message_bytes) + " bytes");
  }
  if (trim(raw).empty()) {
    return fail(ErrorKind::invalid, "the mail is empty");
  }
  Message message;
  std::string without_crlf;
  std::string_view mail = raw;
  // Where the header ends its lines in \n alone, so did the transport, and a CR is content: a patch
  // of a file with such lines.
  if (header_has_crlf(raw)) {
    without_crlf = undo_crlf(raw);
    mail = without_crlf;
  }
  const HeaderBlock header = read_header(mail, 0, limits.header_bytes, true);
  if (header.too_large) {
    return fail(ErrorKind::limit, "the mail's header is longer than " +
                                      std::to_string(limits.header_bytes) + " bytes");
  }
  if (header.fields.empty()) {
    return fail(ErrorKind::invalid, "the mail has no header");
  }
  if (header.broken_line) {
    message.mended.emplace_back("its header ends in a line that is no header");
  }
  PM_TRY(read_from(header, message));
  message.message_id = own_id(header);
  if (message.message_id.empty()) {
    message.message_id = made_up_id(raw);
    message.mended.emplace_back("has no Message-ID; one was made of its content");
  }
  read_subject(header, message);
  read_date(header, message);
  message.in_reply_to = in_reply_to_ids(header, limits.references);
  message.references = reference_ids(header, limits.references);
  message.list_ids = list_ids(header);
  message.to = all_addresses(header, "To");
  message.cc = all_addresses(header, "Cc");

  PM_TRY_ASSIGN(const auto parts, find_parts(mail, header, limits));
  Body body = read_body(parts);
  message.text = std::move(body.text);
  message.diff = std::move(body.diff);
  message.diff_at = body.diff_at;
  message.unread = std::move(body.unread);
  std::ranges::move(body.mended, std::back_inserter(message.mended));
  if (!without_crlf.empty() && !message.diff.empty() && line_ends(raw) == LineEnds::mixed) {
    message.mended.emplace_back(
        "some of its lines end in CR LF; the CR was removed, as git am does without --keep-cr");
  }
  if (message.text.find("are available in the ") != std::string::npos) {
    message.pull_url = find_pull_url(message.text);
  }
  InBody in_body = read_in_body(message.text);
  message.in_body_from = std::move(in_body.from);
  message.in_body_subject = std::move(in_body.subject);
  if (in_body.date) {
    message.in_body_date = in_body.date->time;
    message.in_body_date_offset = in_body.date->offset_minutes;
  }
  note_author(in_body, message);
  note_body(message);
  read_headers(header, message);
  return message;
}

Remains salvage(std::string_view raw) {
  constexpr std::size_t looked_at = 256 * 1024;
  Remains remains;
  std::string head(raw.substr(0, looked_at));
  if (head.find("\r\n") != std::string::npos) {
    head = undo_crlf(head);
  }
  const HeaderBlock header = read_header(head, 0, looked_at, true);
  remains.message_id = own_id(header);
  if (remains.message_id.empty()) {
    remains.message_id = made_up_id(raw);
  }
  if (const auto subject = find_field(header, "Subject")) {
    remains.subject = one_line(*subject);
  }
  if (const auto from = find_field(header, "From")) {
    remains.from = one_line(*from);
  }
  return remains;
}

}  // namespace patchmill::mail
