#pragma once
// Who we are in mail, and how our own mails are known again.

#include "mail/address.hpp"
#include "mail/message.hpp"
#include "mail/transfer_encode.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::reports {

inline constexpr std::string_view k_loop_field = "X-Patchmill-Loop";

struct Identity {
  mail::Address from;                      // a mailbox somebody reads
  std::optional<mail::Address> reply_to;   // empty: answers go to `from`
  mail::Address contact;                   // a person; without an address: `from`
  std::string domain;                      // of Message-IDs; empty: that of `from`
  std::string envelope_sender;             // gets bounces; empty: `from`
  std::vector<std::string> own_addresses;  // further ones (patterns), never written to
  bool precedence_bulk = false;
  // The last line of every mail and List-Unsubscribe; empty: a sentence that names the contact.
  std::string opt_out, opt_out_url;
  mail::BodyEncoding encoding = mail::BodyEncoding::automatic;

  [[nodiscard]] std::string message_id_domain() const;
  [[nodiscard]] const mail::Address& person() const;
  [[nodiscard]] std::string opt_out_sentence() const;
  [[nodiscard]] std::vector<std::string> all_own_addresses() const;
};

// Faults, one sentence each; empty: none.
std::vector<std::string> check_identity(const Identity& identity);

// "patchmill.<32 hex digits>@domain": equal for equal content, and ours alone.
std::string make_message_id(const Identity& identity, std::string_view content);
bool is_own_message_id(std::string_view id);

// Why a mail must not be answered by a program (RFC 3834 section 2); empty: it may.
std::string reason_not_to_answer(const mail::Message& mail, const Identity& identity);

}  // namespace patchmill::reports
