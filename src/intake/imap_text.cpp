#include "intake/imap_text.hpp"

#include "util/text.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>

namespace patchmill::intake {
namespace {

char32_t next_code_point(std::string_view text, std::size_t& at) {  // valid UTF-8
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  const int more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
  char32_t point = more == 0 ? lead : lead & (0x3fu >> more);
  for (int i = 0; i < more; ++i) {
    point = (point << 6) | (byte(at + 1 + static_cast<std::size_t>(i)) & 0x3fu);
  }
  at += static_cast<std::size_t>(more) + 1;
  return point;
}

void append_utf16(char32_t point, std::string& out) {
  const auto unit = [&](char32_t value) {
    out += static_cast<char>(value >> 8);
    out += static_cast<char>(value & 0xff);
  };
  if (point < 0x10000) {
    unit(point);
  } else {
    unit(0xd800 + ((point - 0x10000) >> 10));
    unit(0xdc00 + ((point - 0x10000) & 0x3ff));
  }
}

}  // namespace

std::string base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

Result<std::string> imap_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) {
      return fail(ErrorKind::invalid,
                  "a name or password has characters that LOGIN cannot carry; use auth: plain");
    }
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  return out + '"';
}

Result<std::string> imap_folder_name(std::string_view utf8) {
  if (!is_valid_utf8(utf8)) {
    return fail(ErrorKind::invalid, fmt::format("the folder name \"{}\" is no UTF-8",
                                                escape_terminal(mend_utf8(utf8))));
  }
  std::string out;
  for (std::size_t at = 0; at < utf8.size();) {
    const auto c = static_cast<unsigned char>(utf8[at]);
    if (c >= 0x20 && c < 0x7f) {
      out += utf8[at++];
      if (c == '&') {
        out += '-';
      }
      continue;
    }
    std::string units;
    while (at < utf8.size() && (static_cast<unsigned char>(utf8[at]) < 0x20 ||
                                static_cast<unsigned char>(utf8[at]) >= 0x7f)) {
      append_utf16(next_code_point(utf8, at), units);
    }
    auto encoded = base64(units);
    encoded.erase(std::min(encoded.size(), encoded.find('=')));
    std::replace(encoded.begin(), encoded.end(), '/', ',');
    out += '&' + encoded + '-';
  }
  return out;
}

std::string sasl_plain(std::string_view user, std::string_view password) {
  std::string message;
  message += '\0';
  message += user;
  message += '\0';
  message += password;
  return base64(message);
}

std::string sasl_xoauth2(std::string_view user, std::string_view token) {
  return base64(
      fmt::format("user={}\x01"
                  "auth=Bearer {}\x01\x01",
                  user, token));
}

std::string imap_set(std::span<const std::uint32_t> numbers) {
  std::string out;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) {
      ++last;
    }
    out += out.empty() ? "" : ",";
    out += last == i ? std::to_string(numbers[i]) : fmt::format("{}:{}", numbers[i], numbers[last]);
    i = last + 1;
  }
  return out;
}

}  // namespace patchmill::intake
