#pragma once
// Content transfer encodings, undone by GMime.

#include <string>
#include <string_view>

namespace patchmill::mail {

// Initialises GMime once; every function that uses it calls this first.
void init_gmime();

enum class TransferEncoding { identity, base64, quoted_printable, uuencode };
// "base64", " Quoted-Printable " and so on; what is unknown is identity.
TransferEncoding parse_transfer_encoding(std::string_view value);

// Never longer than the input. Broken input gives what can be read of it.
std::string decode_transfer(std::string_view body, TransferEncoding encoding);
std::string decode_base64(std::string_view text);
std::string decode_q(std::string_view text);  // the "Q" of RFC 2047

}  // namespace patchmill::mail
