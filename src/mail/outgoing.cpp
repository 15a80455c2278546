#include "mail/outgoing.hpp"

#include "mail/header_encode.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace patchmill::mail {
namespace {

bool is_field_name(std::string_view name) {
  return !name.empty() && name.size() <= 60 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

std::string format_date(Timestamp time) {
  static constexpr std::array<std::string_view, 7> days = {"Sun", "Mon", "Tue", "Wed",
                                                           "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> months = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} +0000",
                     days[std::chrono::weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()),
                     months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::vector<std::string> bounded_references(std::vector<std::string> chain, std::size_t max) {
  std::vector<std::string> unique;
  for (auto& id : chain) {
    if (std::find(unique.begin(), unique.end(), id) == unique.end()) {
      unique.push_back(std::move(id));
    }
  }
  if (unique.size() > max && max > 1) {
    unique.erase(unique.begin() + 1, unique.end() - static_cast<std::ptrdiff_t>(max - 1));
  }
  return unique;
}

Result<std::string> compose(const OutgoingMail& mail) {
  const std::vector<Address> from = {mail.from};
  const std::string from_line = encode_address_header("From", from);
  if (from_line.empty()) {
    return fail(ErrorKind::invalid, fmt::format("'{}' cannot be the sender of a mail",
                                                escape_terminal(mail.from.email)));
  }
  const std::string to_line = encode_address_header("To", mail.to);
  const std::string cc_line = encode_address_header("Cc", mail.cc);
  if (to_line.empty() && cc_line.empty()) {
    return fail(ErrorKind::invalid, "the mail has no recipient");
  }
  const std::vector<std::string> id = {mail.message_id};
  const std::string id_line = encode_id_header("Message-ID", id);
  if (id_line.empty()) {
    return fail(ErrorKind::invalid,
                fmt::format("'{}' cannot be a Message-ID", escape_terminal(mail.message_id)));
  }
  std::string out = from_line + to_line + cc_line;
  if (mail.reply_to) {
    const std::vector<Address> reply_to = {*mail.reply_to};
    out += encode_address_header("Reply-To", reply_to);
  }
  out += encode_text_header("Subject", mail.subject);
  out += fmt::format("Date: {}\n", format_date(mail.date));
  out += id_line;
  if (!mail.in_reply_to.empty()) {
    const std::vector<std::string> parent = {mail.in_reply_to};
    out += encode_id_header("In-Reply-To", parent);
    auto chain = mail.references;
    std::erase(chain, mail.in_reply_to);
    chain.push_back(mail.in_reply_to);
    out += encode_id_header("References", bounded_references(std::move(chain)));
  }
  for (const auto& [name, value] : mail.fields) {
    if (!is_field_name(name)) {
      return fail(ErrorKind::invalid,
                  fmt::format("'{}' is not the name of a header field", escape_terminal(name)));
    }
    out += encode_text_header(name, value);
  }
  const EncodedBody body = encode_body(mail.text, mail.encoding);
  out += fmt::format(
      "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: "
      "{}\n\n",
      body.name);
  return out + body.bytes;
}

}  // namespace patchmill::mail
