#include "mail/diff_grammar.hpp"

#include "util/ascii.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace patchmill::mail {

namespace {

// Below what an int holds by more lines than a mail can have.
constexpr int k_largest_number = 2'000'000'000;

bool read_number(std::string_view line, std::size_t& pos, int& value, bool& is_clamped) {
  const std::size_t start = pos;
  std::int64_t result = 0;
  while (pos < line.size() && is_digit(line[pos])) {
    result = std::min<std::int64_t>(result * 10 + (line[pos++] - '0'), k_largest_number + 1LL);
  }
  is_clamped = is_clamped || result > k_largest_number;
  value = static_cast<int>(std::min<std::int64_t>(result, k_largest_number));
  return pos > start;
}

bool read_range(std::string_view line, std::size_t& pos, int& start, int& count, bool& is_clamped) {
  if (!read_number(line, pos, start, is_clamped)) {
    return false;
  }
  count = 1;
  if (pos < line.size() && line[pos] == ',') {
    ++pos;
    return read_number(line, pos, count, is_clamped);
  }
  return true;
}

bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

}  // namespace

std::optional<HunkHeader> parse_hunk_header(std::string_view line) {
  if (!line.starts_with("@@ -")) {
    return std::nullopt;
  }
  HunkHeader header;
  std::size_t pos = 4;
  if (!read_range(line, pos, header.old_start, header.old_count, header.is_clamped) ||
      line.substr(pos, 2) != " +") {
    return std::nullopt;
  }
  pos += 2;
  if (!read_range(line, pos, header.new_start, header.new_count, header.is_clamped) ||
      line.substr(pos, 3) != " @@") {
    return std::nullopt;
  }
  return header;
}

bool is_extended_header(std::string_view line) {
  static constexpr std::array<std::string_view, 13> starts = {
      "old mode ",   "new mode ",   "deleted file mode ", "new file mode ",
      "copy from ",  "copy to ",    "rename from ",       "rename to ",
      "rename old ", "rename new ", "similarity index ",  "dissimilarity index ",
      "index "};
  if (line.empty() || std::string_view("ondcrsi").find(line[0]) == std::string_view::npos) {
    return false;
  }
  for (const std::string_view start : starts) {
    if (line.starts_with(start)) {
      return true;
    }
  }
  return false;
}

bool is_binary_notice(std::string_view line) {
  if (!line.empty() && line.back() == '\r') {
    line.remove_suffix(1);
  }
  return (line.starts_with("Binary files ") || line.starts_with("Files ")) &&
         line.ends_with(" differ");
}

bool is_binary_block_start(std::string_view line) {
  if (!line.empty() && line.back() == '\r') {
    line.remove_suffix(1);
  }
  std::size_t pos = 0;
  if (line.starts_with("literal ")) {
    pos = 8;
  } else if (line.starts_with("delta ")) {
    pos = 6;
  } else {
    return false;
  }
  return pos < line.size() && line.size() < 32 &&
         line.find_first_not_of("0123456789", pos) == std::string_view::npos;
}

bool is_binary_data(std::string_view line) {
  if (!line.empty() && line.back() == '\r') {
    line.remove_suffix(1);
  }
  if (line.empty()) {
    return false;
  }
  std::size_t bytes = 0;
  if (line[0] >= 'A' && line[0] <= 'Z') {
    bytes = static_cast<std::size_t>(line[0] - 'A') + 1;
  } else if (line[0] >= 'a' && line[0] <= 'z') {
    bytes = static_cast<std::size_t>(line[0] - 'a') + 27;
  } else {
    return false;
  }
  return line.size() == 1 + (bytes + 3) / 4 * 5;
}

bool is_base85(std::string_view line) {
  if (!line.empty() && line.back() == '\r') {
    line.remove_suffix(1);
  }
  static constexpr std::string_view more = "!#$%&()*+-;<=>?@^_`{|}~";
  for (const char c : line) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c);
    if (!letter && more.find(c) == std::string_view::npos) {
      return false;
    }
  }
  return !line.empty();
}

std::optional<std::string> unquote_path(std::string_view text, std::size_t& length) {
  if (!text.starts_with('"')) {
    return std::nullopt;
  }
  std::string out;
  for (std::size_t pos = 1; pos < text.size(); ++pos) {
    const char c = text[pos];
    if (c == '"') {
      length = pos + 1;
      return out;
    }
    if (c != '\\') {
      out += c;
      continue;
    }
    if (++pos >= text.size()) {
      break;
    }
    static constexpr std::string_view letters = "abfnrtv\\\"";
    static constexpr std::string_view values = "\a\b\f\n\r\t\v\\\"";
    if (const std::size_t found = letters.find(text[pos]); found != std::string_view::npos) {
      out += values[found];
    } else if (text[pos] >= '0' && text[pos] <= '3' && pos + 2 < text.size() &&
               is_octal(text[pos + 1]) && is_octal(text[pos + 2])) {
      out += static_cast<char>((text[pos] - '0') * 64 + (text[pos + 1] - '0') * 8 +
                               (text[pos + 2] - '0'));
      pos += 2;
    } else {
      break;
    }
  }
  return std::nullopt;
}

}  // namespace patchmill::mail
