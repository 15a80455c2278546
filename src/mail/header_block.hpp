#pragma once
// The header of a mail or of one of its parts, as views into the mail.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::mail {

struct HeaderField {
  std::string_view name;
  std::string_view value;  // raw: still folded and encoded
};

struct HeaderBlock {
  std::vector<HeaderField> fields;
  std::size_t body = 0;      // offset of the first byte after the header
  bool too_large = false;    // the header is longer than allowed; reading stopped there
  bool broken_line = false;  // a line that is no header ended it instead of an empty line
};

// Reads from `start`. Lines end in \n only (see undo_crlf()). An mbox "From " line and empty lines
// in front are skipped when `top`.
HeaderBlock read_header(std::string_view mail, std::size_t start, std::size_t max_bytes, bool top);

// First field of this name, case-insensitive.
std::optional<std::string_view> find_field(const HeaderBlock& block, std::string_view name);

// Line breaks and the white space around them become one space.
std::string unfold(std::string_view value);

}  // namespace patchmill::mail
