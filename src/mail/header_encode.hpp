#pragma once
// Header lines of mails we write: folded, RFC 2047 encoded, nothing in them can end a line.

#include "mail/address.hpp"

#include <span>
#include <string>
#include <string_view>

namespace patchmill::mail {

// One line without control characters: they and runs of white space become one space, invalid
// UTF-8 is mended, characters that only mislead the eye (bidirectional overrides, zero width) go.
std::string header_text(std::string_view text);

// True for an address that can stand in an envelope and between angle brackets as it is: ASCII
// dot-atom or quoted-free local part, a domain or address literal, at most 254 bytes.
bool is_plain_address(std::string_view email);

// "Name: value\n" for free text; lines of at most 78 columns where the words allow it, encoded
// words of at most 75 (RFC 2047 section 2) where they do not or are not ASCII.
std::string encode_text_header(std::string_view name, std::string_view value);
// "Name: a <a@x>,\n b <b@y>\n". Addresses that are not plain are left out; empty: none was left.
std::string encode_address_header(std::string_view name, std::span<const Address> addresses);
// "Name: <id>\n <id>\n", one id a line; ids with blanks, brackets or control characters are left
// out. Empty: none was left.
std::string encode_id_header(std::string_view name, std::span<const std::string> ids);

}  // namespace patchmill::mail
