#pragma once
// How names and secrets are written in IMAP commands.

#include "util/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace patchmill::intake {

// RFC 3501 "quoted". Error invalid for what cannot be quoted: control characters and non-ASCII.
Result<std::string> imap_quoted(std::string_view text);
// A folder's name in modified UTF-7 (RFC 3501 section 5.1.3). Error invalid when it is no UTF-8.
Result<std::string> imap_folder_name(std::string_view utf8);
std::string base64(std::string_view bytes);
// RFC 4616, and Google's and Microsoft's XOAUTH2; in base64.
std::string sasl_plain(std::string_view user, std::string_view password);
std::string sasl_xoauth2(std::string_view user, std::string_view token);
// "3:7,9" of ascending numbers.
std::string imap_set(std::span<const std::uint32_t> numbers);

}  // namespace patchmill::intake
