#include "mail/transfer_encode.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace patchmill::mail {
namespace {

constexpr std::size_t k_longest_line = 998;  // RFC 5322 section 2.1.1
constexpr std::size_t k_encoded_line = 76;

bool lines_fit(std::string_view text) {
  const auto lines = split_lines(text);
  return std::all_of(lines.begin(), lines.end(),
                     [](std::string_view line) { return line.size() <= k_longest_line; });
}

std::string ends_with_newline(std::string_view text) {
  std::string out(text);
  if (out.empty() || out.back() != '\n') {
    out += '\n';
  }
  return out;
}

}  // namespace

std::string encode_quoted_printable(std::string_view text) {
  std::string out;
  for (const std::string_view line : split_lines(text)) {
    std::size_t column = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const char c = line[i];
      const bool last = i + 1 == line.size();
      const bool blank_at_end = last && (c == ' ' || c == '\t');
      const bool stumbling = column == 0 && (c == '.' || line.substr(i).starts_with("From "));
      const bool plain =
          ((c >= 0x20 && c < 0x7f && c != '=') || c == '\t') && !blank_at_end && !stumbling;
      const std::size_t width = plain ? 1 : 3;
      if (column + width + (last ? 0 : 1) > k_encoded_line) {
        out += "=\n";
        column = 0;
        // Judged again: it now stands at the start of a line.
        --i;
        continue;
      }
      if (plain) {
        out += c;
      } else {
        out += fmt::format("={:02X}", static_cast<unsigned char>(c));
      }
      column += width;
    }
    out += '\n';
  }
  return out;
}

std::string encode_base64(std::string_view bytes) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += k <= n ? digits[group >> (18 - 6 * k) & 63u] : '=';
    }
    column += 4;
    if (column == k_encoded_line || i + 3 >= bytes.size()) {
      out += '\n';
      column = 0;
    }
  }
  return out;
}

EncodedBody encode_body(std::string_view text, BodyEncoding wanted) {
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n';
  });
  const bool fits = lines_fit(text);
  switch (wanted) {
    case BodyEncoding::automatic:
      if (ascii && fits) {
        return {"7bit", ends_with_newline(text)};
      }
      break;
    case BodyEncoding::eight_bit:
      if (fits) {
        return {ascii ? "7bit" : "8bit", ends_with_newline(text)};
      }
      break;
    case BodyEncoding::quoted_printable:
      return {"quoted-printable", encode_quoted_printable(text)};
    case BodyEncoding::base64:
      return {"base64", encode_base64(text)};
  }
  std::string quoted = encode_quoted_printable(text);
  if (wanted == BodyEncoding::automatic && quoted.size() > text.size() / 2 * 3) {
    return {"base64", encode_base64(text)};
  }
  return {"quoted-printable", std::move(quoted)};
}

}  // namespace patchmill::mail
