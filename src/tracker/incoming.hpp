#pragma once
// A mail on its way into the store, and what can be made of it without one.

#include "mail/message.hpp"
#include "util/result.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace patchmill::tracker {

// Parsing is done by intake, in parallel.
struct Incoming {
  std::string raw;               // as received
  Result<mail::Message> parsed;  // or why it cannot be used
  std::string list_id;           // given by the source (--list-id); may be empty
  std::string source;            // which source brought it, for the record
  // By parse_and_pack(); else ingest() does it.
  std::optional<std::string> packed = {};
  std::optional<std::int64_t> content_hash = {};
  std::optional<std::string> patch_hash = {};  // mail::patchwork_hash(); empty without a diff
  std::string diff_fault = {};                 // by parse_and_pack(): why its diff cannot be parsed
};

// Parses mail.raw and makes the rest of it. Needs no store: run it in parallel, as it is most of
// the work of taking a mail in.
void parse_and_pack(Incoming& mail);
Incoming make_incoming(std::string raw, std::string list_id, std::string source);

// What tells whether two mails with one Message-ID are copies of each other.
std::int64_t content_hash_of(const Incoming& mail);
std::string patch_hash_of(const Incoming& mail);

}  // namespace patchmill::tracker
