#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

namespace patchmill {
namespace {

struct Decoded {
  std::uint32_t code = 0;
  std::size_t length = 0;  // 0: not a valid sequence
};

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
Decoded decode(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    return {first, 1};
  }
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() - at < length) {
    return {};
  }
  std::uint32_t code = first & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) {
      return {};
    }
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || (code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF) {
    return {};
  }
  return {code, length};
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

// windows-1252 for 0x80..0x9F (the rest is Latin-1); 0xFFFD where it names nothing.
constexpr std::array<std::uint16_t, 32> windows_1252 = {
    0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178};

// Length of the run of plain ASCII at `at`.
std::size_t ascii_run(std::string_view text, std::size_t at) {
  std::size_t i = at;
  while (text.size() - i >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, sizeof word);
    if ((word & 0x8080808080808080u) != 0) {
      break;
    }
    i += sizeof word;
  }
  while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80) {
    ++i;
  }
  return i - at;
}

// What nobody sees, or what changes the order of what is seen: two different names must not look
// alike. (Unicode's Default_Ignorable_Code_Point without variation selectors, and separators.)
bool disturbs_layout(std::uint32_t code) {
  return code == 0x00AD || code == 0x034F || code == 0x061C || code == 0x115F || code == 0x1160 ||
         code == 0x17B4 || code == 0x17B5 || code == 0x180E || (code >= 0x200B && code <= 0x200F) ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) ||
         code == 0x3164 || code == 0xFEFF || code == 0xFFA0 || (code >= 0xFFF9 && code <= 0xFFFB) ||
         (code >= 0xE0000 && code <= 0xE0FFF);
}

}  // namespace

bool is_valid_utf8(std::string_view bytes) {
  std::size_t i = 0;
  while (true) {
    i += ascii_run(bytes, i);
    if (i == bytes.size()) {
      return true;
    }
    const auto decoded = decode(bytes, i);
    if (decoded.length == 0) {
      return false;
    }
    i += decoded.length;
  }
}

std::size_t count_characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::ranges::count_if(
      utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string mend_utf8(std::string_view bytes) {
  if (bytes.find('\0') == std::string_view::npos && is_valid_utf8(bytes)) {
    return std::string(bytes);
  }
  std::string result;
  result.reserve(bytes.size() + bytes.size() / 8);
  for (std::size_t i = 0; i < bytes.size();) {
    const auto decoded = decode(bytes, i);
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (byte == 0) {
      append_utf8(result, 0xFFFD);
      ++i;
    } else if (decoded.length > 0) {
      result.append(bytes.substr(i, decoded.length));
      i += decoded.length;
    } else {
      append_utf8(result, byte < 0xA0 ? windows_1252[byte - 0x80u] : byte);
      ++i;
    }
  }
  return result;
}

std::string ellipsize(std::string_view text, std::size_t max) {
  static constexpr std::string_view mark = "…";
  if (text.size() <= max) {
    return std::string(text);
  }
  if (max < mark.size()) {
    return {};
  }
  std::size_t cut = max - mark.size();
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) {
    --cut;
  }
  return std::string(text.substr(0, cut)).append(mark);
}

std::string escape_terminal(std::string_view text, bool keep_layout) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto decoded = decode(text, i);
    const auto byte = static_cast<unsigned char>(text[i]);
    if (decoded.length == 0) {
      fmt::format_to(std::back_inserter(result), "\\x{:02x}", byte);
      ++i;
      continue;
    }
    const bool layout = keep_layout && (byte == '\n' || byte == '\t');
    if (!layout && (byte < 0x20 || byte == 0x7F)) {
      fmt::format_to(std::back_inserter(result), "\\x{:02x}", byte);
    } else if ((decoded.code >= 0x80 && decoded.code < 0xA0) || disturbs_layout(decoded.code)) {
      fmt::format_to(std::back_inserter(result), "\\u{{{:04x}}}", decoded.code);
    } else {
      result.append(text.substr(i, decoded.length));
    }
    i += decoded.length;
  }
  return result;
}

}  // namespace patchmill
