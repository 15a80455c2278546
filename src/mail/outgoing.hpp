#pragma once
// A mail we write, and its bytes.

#include "mail/address.hpp"
#include "mail/transfer_encode.hpp"
#include "util/clock.hpp"
#include "util/result.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace patchmill::mail {

struct OutgoingMail {
  Address from;
  std::vector<Address> to, cc;
  std::optional<Address> reply_to;
  std::string subject;
  std::string message_id;               // without brackets
  std::string in_reply_to;              // without brackets; empty: starts a thread
  std::vector<std::string> references;  // oldest first; without the mail answered it is added
  Timestamp date{};
  // Further fields, in order; names are checked, values are treated as free text.
  std::vector<std::pair<std::string, std::string>> fields;
  std::string text;  // UTF-8, \n line ends
  BodyEncoding encoding = BodyEncoding::automatic;
};

// Header and body with \n line ends; the same input gives the same bytes. Whatever the values
// hold, the header has exactly the fields named here. Error invalid: no usable From, Message-ID,
// or recipient, or a field name that is none.
Result<std::string> compose(const OutgoingMail& mail);

// "Sat, 21 Nov 2026 09:30:00 +0000" (RFC 5322 section 3.3).
std::string format_date(Timestamp time);

// The "References" of an answer: the first and the newest of `chain`, at most `max`, each once.
std::vector<std::string> bounded_references(std::vector<std::string> chain, std::size_t max = 40);

}  // namespace patchmill::mail
