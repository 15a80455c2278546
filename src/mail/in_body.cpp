#include "mail/in_body.hpp"

#include "mail/encoded_words.hpp"
#include "mail/lines.hpp"
#include "util/text.hpp"

namespace patchmill::mail {

namespace {

// "From 1234… Mon Sep 17 00:00:00 2001": the first line of git format-patch's output.
bool is_format_patch_line(std::string_view line) {
  return line.starts_with("From ") && line.size() > 45 &&
         line.find_first_not_of("0123456789abcdef", 5) >= 45 &&
         line.find(" Mon Sep 17 00:00:00 2001") != std::string_view::npos;
}

bool is_empty_line(std::string_view line) {
  return line.find_first_not_of(" \t\r\v\f") == std::string_view::npos;
}

}  // namespace

InBody read_in_body(std::string_view text) {
  InBody result;
  Lines lines(text);
  bool any = false;
  while (!lines.done()) {
    const std::string_view line = lines.peek();
    if (is_empty_line(line)) {
      if (any) {
        lines.next();
        break;
      }
      lines.next();
      continue;
    }
    if (!any && is_format_patch_line(line)) {
      lines.next();
      continue;
    }
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    const bool from = colon != std::string_view::npos && iequals(name, "From");
    const bool subject = colon != std::string_view::npos && iequals(name, "Subject");
    const bool date = colon != std::string_view::npos && iequals(name, "Date");
    if ((!from || result.from) && (!subject || result.subject) && (!date || result.date)) {
      break;
    }
    Lines ahead = lines;
    ahead.next();
    std::string value(line.substr(colon + 1));
    while (!ahead.done() && (ahead.peek().starts_with(' ') || ahead.peek().starts_with('\t')) &&
           !is_empty_line(ahead.peek()) && value.size() < 10'000) {
      value += '\n';
      value += ahead.next();
    }
    if (from) {
      auto addresses = parse_addresses(value, AddressField::author);
      if (addresses.empty()) {
        result.unread = line;
        break;
      }
      result.from = std::move(addresses.front());
    } else if (subject) {
      result.subject = collapse_whitespace(decode_header(value));
    } else {
      result.date = parse_zoned_date(value);
      if (!result.date) {
        result.unread = line;
        break;
      }
    }
    lines = ahead;
    any = true;
  }
  result.end = any ? lines.pos() : 0;
  return result;
}

}  // namespace patchmill::mail
