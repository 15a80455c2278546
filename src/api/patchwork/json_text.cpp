#include "api/patchwork/json_text.hpp"

#include "registry/msgid_segment.hpp"
#include "util/text.hpp"

#include <array>
#include <charconv>

namespace patchmill::api::patchwork {
namespace {

enum : unsigned char { k_plain = 0, k_escape = 1, k_high = 2 };

constexpr std::array<unsigned char, 256> make_kinds() {
  std::array<unsigned char, 256> kinds{};
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    kinds[i] = i < 0x20 || i == '"' || i == '\\' || i == 0x7F ? k_escape
               : i >= 0x80                                    ? k_high
                                                              : k_plain;
  }
  return kinds;
}
constexpr std::array<unsigned char, 256> k_kinds = make_kinds();

constexpr std::string_view k_digits = "0123456789abcdef";

void append_special(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default: {
      const auto byte = static_cast<unsigned char>(c);
      out += "\\u00";
      out += k_digits[byte >> 4U];
      out += k_digits[byte & 15U];
    }
  }
}

void append_valid(std::string& out, std::string_view text) {
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (k_kinds[static_cast<unsigned char>(text[i])] == k_escape) {
      out.append(text, start, i - start);
      append_special(out, text[i]);
      start = i + 1;
    }
  }
  out.append(text, start, text.size() - start);
}

char* two_digits(char* at, unsigned value) {
  *at++ = static_cast<char>('0' + value / 10 % 10);
  *at++ = static_cast<char>('0' + value % 10);
  return at;
}

// Besides letters and digits.
constexpr std::string_view k_kept_in_path = "-._~!$&'()*+,;=:@";

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  unsigned seen = 0;
  for (const char c : text) {
    seen |= k_kinds[static_cast<unsigned char>(c)];
  }
  if (seen == k_plain) {
    out += text;
  } else if ((seen & k_high) != 0 && !is_valid_utf8(text)) {
    append_valid(out, mend_utf8(text));
  } else {
    append_valid(out, text);
  }
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

void append_string_or_null(std::string& out, const std::optional<std::string>& text) {
  if (text) {
    append_string(out, *text);
  } else {
    out += "null";
  }
}

void append_number(std::string& out, std::int64_t number) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end.ptr);
}

void append_date(std::string& out, Timestamp date) {
  const auto day = std::chrono::floor<std::chrono::days>(date);
  const std::chrono::year_month_day ymd(day);
  const auto time = (date - day).count();  // microseconds
  const auto seconds = static_cast<unsigned>(time / 1'000'000);
  const auto micros = static_cast<unsigned>(time % 1'000'000);
  const int year = static_cast<int>(ymd.year());
  if (year < 1 || year > 9999) {
    out += "null";
    return;
  }
  std::array<char, 32> text;
  char* at = text.data();
  *at++ = '"';
  at = two_digits(at, static_cast<unsigned>(year) / 100);
  at = two_digits(at, static_cast<unsigned>(year) % 100);
  *at++ = '-';
  at = two_digits(at, static_cast<unsigned>(ymd.month()));
  *at++ = '-';
  at = two_digits(at, static_cast<unsigned>(ymd.day()));
  *at++ = 'T';
  at = two_digits(at, seconds / 3600);
  *at++ = ':';
  at = two_digits(at, seconds / 60 % 60);
  *at++ = ':';
  at = two_digits(at, seconds % 60);
  if (micros != 0) {
    *at++ = '.';
    at = two_digits(at, micros / 10000);
    at = two_digits(at, micros / 100 % 100);
    at = two_digits(at, micros % 100);
  }
  *at++ = '"';
  out.append(text.data(), static_cast<std::size_t>(at - text.data()));
}

void append_path_segment(std::string& out, std::string_view segment) {
  static constexpr std::string_view upper = "0123456789ABCDEF";
  for (const char c : segment) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                        (byte >= '0' && byte <= '9');
    if (letter || k_kept_in_path.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += upper[byte >> 4U];
      out += upper[byte & 15U];
    }
  }
}

void append_msgid_segment(std::string& out, std::string_view msgid) {
  if (registry::keeps_brackets(msgid)) {
    append_path_segment(out, registry::segment_of_msgid(msgid));
  } else {
    append_path_segment(out, msgid);
  }
}

}  // namespace patchmill::api::patchwork
