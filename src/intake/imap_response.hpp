#pragma once
// What an IMAP server says (RFC 3501 section 7 and 9), bounded and without trust.

#include "intake/byte_stream.hpp"
#include "util/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::intake {

struct ImapToken {
  enum class Kind { atom, string, open, close };  // string: quoted or literal
  Kind kind = Kind::atom;
  std::string text;

  [[nodiscard]] bool is_atom(std::string_view name) const;  // whatever its case
  // Atom or string, but not NIL.
  [[nodiscard]] bool has_text() const;
};

struct ImapResponse {
  enum class Kind { continuation, untagged, tagged };
  enum class Status { none, ok, no, bad, bye, preauth };
  Kind kind = Kind::untagged;
  std::string tag;
  Status status = Status::none;
  std::string code;               // "UIDVALIDITY 7" of "[UIDVALIDITY 7]"; with a status only
  std::string text;               // for people; with a status or a continuation
  std::vector<ImapToken> tokens;  // of everything else: data after "* "

  // The number of "[NAME 7]" when the code has that name.
  [[nodiscard]] std::optional<std::uint32_t> code_number(std::string_view name) const;
  // "* 23 EXISTS": the number, when the second word is that.
  [[nodiscard]] std::optional<std::uint32_t> number_of(std::string_view name) const;
  [[nodiscard]] bool is_data(std::string_view name) const;  // "* NAME …"
};

// What a FETCH response brought, as far as we asked for it.
struct ImapFetched {
  std::uint32_t uid = 0;            // 0: none given
  std::optional<std::string> body;  // of BODY[]
};

// Literals longer than `longest_literal` lose what is too much. Errors: limit for lines of more
// than 16 MiB and more; invalid for what is no IMAP; infrastructure from the stream.
Result<ImapResponse> read_imap_response(StreamReader& reader, std::size_t longest_literal);

// Of "* 5 FETCH (…)"; nothing when it is something else. Unknown items are skipped.
std::optional<ImapFetched> fetched_of(const ImapResponse& response);

// The numbers of "* SEARCH 1 2 3", without 0.
std::vector<std::uint32_t> numbers_of_search(const ImapResponse& response);

// 32 bits, no sign (RFC 3501 nz-number, and 0).
std::optional<std::uint32_t> imap_number(std::string_view text);

}  // namespace patchmill::intake
