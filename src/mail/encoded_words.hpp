#pragma once
// RFC 2047 encoded words and raw bytes in header values.

#include <string>
#include <string_view>

namespace patchmill::mail {

// The value of a header for people: unfolded (line breaks become the white space that follows
// them), encoded words decoded, valid UTF-8, without NUL and other control characters.
std::string decode_header(std::string_view raw);

}  // namespace patchmill::mail
