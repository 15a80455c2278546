#include "reports/identity.hpp"

#include "mail/header_encode.hpp"
#include "util/hash.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::reports {
namespace {

constexpr std::string_view k_id_prefix = "patchmill.";
constexpr std::size_t k_id_digits = 32;

std::string domain_of(std::string_view email) {
  const std::size_t at = email.rfind('@');
  return at == std::string_view::npos ? "localhost" : std::string(email.substr(at + 1));
}

bool is_own(const Identity& identity, std::string_view email) {
  const auto own = identity.all_own_addresses();
  return std::any_of(own.begin(), own.end(), [&](const std::string& pattern) {
    return glob_match(to_lower(pattern), to_lower(email));
  });
}

}  // namespace

std::string Identity::message_id_domain() const {
  return domain.empty() ? domain_of(from.email) : domain;
}

const mail::Address& Identity::person() const {
  return contact.email.empty() ? from : contact;
}

std::string Identity::opt_out_sentence() const {
  if (!opt_out.empty()) {
    return opt_out;
  }
  return opt_out_url.empty() ? fmt::format("To get no more such mail, tell {}.", person().email)
                             : fmt::format("To get no more such mail: {}", opt_out_url);
}

std::vector<std::string> Identity::all_own_addresses() const {
  std::vector<std::string> all = own_addresses;
  all.push_back(from.email);
  if (reply_to) {
    all.push_back(reply_to->email);
  }
  if (!envelope_sender.empty()) {
    all.push_back(envelope_sender);
  }
  return all;
}

std::vector<std::string> check_identity(const Identity& identity) {
  std::vector<std::string> faults;
  const auto check = [&](std::string_view key, const std::string& email) {
    if (!mail::is_plain_address(email)) {
      faults.push_back(fmt::format("'{}': '{}' is no mail address", key, escape_terminal(email)));
    }
  };
  check("from", identity.from.email);
  if (identity.reply_to) {
    check("reply-to", identity.reply_to->email);
  }
  if (!identity.contact.email.empty()) {
    check("contact", identity.contact.email);
  }
  if (!identity.envelope_sender.empty()) {
    check("envelope-sender", identity.envelope_sender);
  }
  if (!mail::is_plain_address("x@" + identity.message_id_domain())) {
    faults.push_back(fmt::format("'domain': '{}' cannot stand in a Message-ID",
                                 escape_terminal(identity.domain)));
  }
  return faults;
}

std::string make_message_id(const Identity& identity, std::string_view content) {
  return fmt::format("{}{}@{}", k_id_prefix, sha256_hex(content).substr(0, k_id_digits),
                     identity.message_id_domain());
}

bool is_own_message_id(std::string_view id) {
  if (!id.starts_with(k_id_prefix) || id.size() <= k_id_prefix.size() + k_id_digits ||
      id[k_id_prefix.size() + k_id_digits] != '@') {
    return false;
  }
  const auto digits = id.substr(k_id_prefix.size(), k_id_digits);
  return digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string reason_not_to_answer(const mail::Message& mail, const Identity& identity) {
  if (mail.header(k_loop_field)) {
    return "it was sent by a patchmill";
  }
  if (is_own_message_id(mail.message_id) || is_own(identity, mail.from.email) ||
      (mail.sender && is_own(identity, mail.sender->email))) {
    return "it was sent by ourselves";
  }
  if (const auto automatic = mail.header("Auto-Submitted")) {
    const auto word = trim(automatic->substr(0, automatic->find(';')));
    if (!word.empty() && !iequals(word, "no")) {
      return fmt::format("it was sent by a program (Auto-Submitted: {})",
                         ellipsize(mail::header_text(word), 40));
    }
  }
  // Lists say "bulk" and "list" about what people wrote; only this one says "program".
  if (const auto precedence = mail.header("Precedence");
      precedence && iequals(trim(*precedence), "auto_reply")) {
    return "it is an automatic reply (Precedence: auto_reply)";
  }
  if (const auto path = mail.header("Return-Path"); path && trim(*path) == "<>") {
    return "it is a bounce (empty Return-Path)";
  }
  return "";
}

}  // namespace patchmill::reports
