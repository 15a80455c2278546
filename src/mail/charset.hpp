#pragma once
// Bytes of a declared charset to UTF-8, believing the bytes more than the declaration.

#include <string>
#include <string_view>

namespace patchmill::mail {

struct Decoded {
  std::string text;    // valid UTF-8, may hold NUL only when the input did
  std::string mended;  // what was wrong with the declaration; empty: nothing
};

// An empty or unknown charset, and bytes that the charset does not have, fall back to UTF-8 where
// the bytes are UTF-8 and to windows-1252 where they are not.
Decoded to_utf8(std::string_view bytes, std::string_view charset);

// True for charsets whose ASCII bytes are not ASCII characters (UTF-16, UTF-32, UTF-7): such text
// must be converted before it can be read line by line.
bool hides_ascii(std::string_view charset);

bool is_ascii(std::string_view bytes);

}  // namespace patchmill::mail
