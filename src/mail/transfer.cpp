#include "mail/transfer.hpp"

#include "util/ascii.hpp"
#include "util/text.hpp"

#include <gmime/gmime.h>

#include <mutex>

namespace patchmill::mail {

namespace {

std::string decode_with(std::string_view body, GMimeContentEncoding kind) {
  init_gmime();
  GMimeEncoding state;
  g_mime_encoding_init_decode(&state, kind);
  std::string out;
  out.resize(g_mime_encoding_outlen(&state, body.size()));
  const std::size_t length = g_mime_encoding_flush(&state, body.data(), body.size(), out.data());
  out.resize(length);
  return out;
}

}  // namespace

void init_gmime() {
  static std::once_flag once;
  std::call_once(once, [] { g_mime_init(); });
}

TransferEncoding parse_transfer_encoding(std::string_view value) {
  value = trim(value);
  value = trim(value.substr(0, value.find_first_of(";(")));
  if (iequals(value, "base64")) {
    return TransferEncoding::base64;
  }
  if (iequals(value, "quoted-printable")) {
    return TransferEncoding::quoted_printable;
  }
  if (iequals(value, "x-uuencode") || iequals(value, "uuencode") || iequals(value, "x-uue")) {
    return TransferEncoding::uuencode;
  }
  return TransferEncoding::identity;
}

std::string decode_transfer(std::string_view body, TransferEncoding encoding) {
  switch (encoding) {
    case TransferEncoding::base64:
      return decode_base64(body);
    case TransferEncoding::quoted_printable:
      return decode_with(body, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
    case TransferEncoding::uuencode:
      return decode_with(body, GMIME_CONTENT_ENCODING_UUENCODE);
    case TransferEncoding::identity:
      break;
  }
  return std::string(body);
}

std::string decode_base64(std::string_view text) {
  return decode_with(text, GMIME_CONTENT_ENCODING_BASE64);
}

std::string decode_q(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_') {
      out += ' ';
    } else if (text[i] == '=' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
               hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace patchmill::mail
