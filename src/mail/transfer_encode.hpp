#pragma once
// Content transfer encodings for bodies we write (RFC 2045 section 6).

#include <string>
#include <string_view>

namespace patchmill::mail {

enum class BodyEncoding {
  automatic,  // 7bit where it is, else quoted-printable, else base64 where that is shorter
  eight_bit,  // as it is; falls back to quoted-printable for lines over 998 bytes
  quoted_printable,
  base64,
};

struct EncodedBody {
  std::string_view name;  // value of Content-Transfer-Encoding
  std::string bytes;      // lines of at most 998 bytes, ends with \n
};

// `text` is UTF-8 with \n line ends. Quoted-printable also hides what mail programs stumble over:
// "From " and "." at the start of a line.
EncodedBody encode_body(std::string_view text, BodyEncoding wanted);

std::string encode_quoted_printable(std::string_view text);  // lines of at most 76
std::string encode_base64(std::string_view bytes);           // lines of 76

}  // namespace patchmill::mail
