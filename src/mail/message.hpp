#pragma once
// One mail, parsed (RFC 5322, 2045, 2047), with the field's lies mended. GMime reads the content
// headers and undoes transfer encodings; the rest is ours, because it has to be bounded and to keep
// the bytes of a diff as they are.

#include "mail/address.hpp"
#include "util/clock.hpp"
#include "util/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchmill::mail {

// Bounds on hostile input; beyond them parse_message() answers ErrorKind::limit.
struct Limits {
  std::size_t message_bytes = 64u << 20;
  std::size_t header_bytes = 1u << 20;
  std::size_t parts = 1000;
  std::size_t depth = 50;
  std::size_t references = 1000;  // more are read past: the first and the newest are kept
};

// All text is valid UTF-8; `diff` is bytes as sent (transfer encoding undone, charset untouched,
// CRLF made LF when the whole mail uses CRLF), because blobs are bytes.
struct Message {
  std::string message_id;                // without angle brackets, never empty
  std::string subject;                   // decoded, one line
  Address from;                          // the author's own address where a list rewrote it
  std::optional<Address> sender;         // the envelope-visible sender when `from` was mended
  std::optional<Timestamp> date;         // UTC; empty when missing or unreadable
  int date_offset = 0;                   // minutes east of UTC, where `date` was written
  std::vector<std::string> in_reply_to;  // ids without brackets
  std::vector<std::string> references;   // oldest first, ids without brackets
  std::vector<std::string> list_ids;     // List-Id, X-Mailing-List, X-List: lower case, unique
  std::vector<Address> to, cc;
  std::string text;                         // what a person wrote: everything that is not the diff,
                                            // signature and list footer cut
  std::size_t diff_at = std::string::npos;  // where in `text` the diff stood; npos: no diff
  std::string diff;                         // empty: no diff
  std::string unread;                       // without a diff: why one that may be there is not read
  std::string pull_url;                     // empty: no pull request
  std::optional<Address> in_body_from;      // "From: " as the first line of the body (git am)
  std::optional<std::string> in_body_subject;
  std::optional<Timestamp> in_body_date;
  int in_body_date_offset = 0;                               // as date_offset
  std::vector<std::pair<std::string, std::string>> headers;  // in order, decoded values
  std::vector<std::string> mended;  // what was wrong and repaired, for people

  // First header of this name, case-insensitive.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

// Never crashes, hangs or allocates beyond a small multiple of the input.
// Errors: invalid (no From, no Message-ID, empty, ...) and limit, each with the reason.
// A missing Message-ID is replaced by one made of the content's hash (and said so in `mended`).
Result<Message> parse_message(std::string_view raw, const Limits& limits = {});

// Only for mails that parse_message() refused: whatever can be said of it, for the record.
struct Remains {
  std::string message_id;  // made of the content's hash when there is none
  std::string subject, from;
};
Remains salvage(std::string_view raw);

}  // namespace patchmill::mail
