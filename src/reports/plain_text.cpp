#include "reports/plain_text.hpp"

#include "util/text.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace patchmill::reports {
namespace {

constexpr std::size_t k_longest_line = 900;

std::uint32_t decode(std::string_view text, std::size_t& length) {
  const auto first = static_cast<unsigned char>(text[0]);
  length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  length = std::min(length, text.size());
  std::uint32_t code = length == 1 ? first : first & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  }
  return code;
}

bool in(std::uint32_t code, std::uint32_t from, std::uint32_t to) {
  return code >= from && code <= to;
}

std::size_t width_of(std::uint32_t code) {
  if (in(code, 0x300, 0x36F) || in(code, 0x200B, 0x200F) || in(code, 0x20D0, 0x20FF) ||
      in(code, 0xFE00, 0xFE0F) || in(code, 0xFE20, 0xFE2F)) {
    return 0;
  }
  const bool wide =
      in(code, 0x1100, 0x115F) || in(code, 0x2E80, 0xA4CF) || in(code, 0xAC00, 0xD7A3) ||
      in(code, 0xF900, 0xFAFF) || in(code, 0xFE30, 0xFE6F) || in(code, 0xFF00, 0xFF60) ||
      in(code, 0xFFE0, 0xFFE6) || in(code, 0x1F300, 0x1FAFF) || in(code, 0x20000, 0x3FFFD);
  return wide ? 2 : 1;
}

bool stays_whole(std::string_view line) {
  return line.starts_with('>') || line.starts_with("    ") || line.starts_with('\t');
}

// Where wrapped lines go on: under the first word.
std::size_t hanging_indent(std::string_view line) {
  std::size_t indent = line.find_first_not_of(' ');
  indent = indent == std::string_view::npos ? 0 : indent;
  const std::string_view rest = line.substr(indent);
  return indent + (rest.starts_with("* ") || rest.starts_with("- ") ? 2 : 0);
}

void wrap_line(std::string_view line, std::size_t columns, std::vector<std::string>& out) {
  const std::string indent(std::min<std::size_t>(hanging_indent(line), columns / 2), ' ');
  const auto words = split(line, ' ');
  std::vector<std::string_view> current;
  std::size_t width = 0;
  bool first = true;
  const auto flush = [&](std::size_t count) {
    std::string text = first ? "" : indent;
    for (std::size_t i = 0; i < count; ++i) {
      text += i == 0 ? "" : " ";
      text += current[i];
    }
    out.push_back(std::move(text));
    current.erase(current.begin(), current.begin() + static_cast<std::ptrdiff_t>(count));
    first = false;
    width = indent.size();
    for (const auto word : current) {
      width += display_width(word) + 1;
    }
  };
  for (const auto word : words) {
    const std::size_t need = display_width(word);
    if (!current.empty() && width + need > columns) {
      // The word before a meaningful one comes along, so that it does not start the line.
      std::size_t keep = current.size();
      std::string_view next = word;
      while (keep > 0 && means_something(next)) {
        next = current[--keep];
      }
      if (keep > 0 && !(first && trim(current[0]).empty() && keep == 1)) {
        flush(keep);
      }
    }
    current.push_back(word);
    width += need + 1;
  }
  flush(current.size());
}

}  // namespace

bool means_something(std::string_view word) {
  if (word.empty()) {
    return false;
  }
  static constexpr std::string_view words[] = {"From", "diff", "Index:", "index", "---", "+++",
                                               "--",   "@@",   "...",    "*",     "-"};
  const bool tag = word.ends_with(':') && std::all_of(word.begin(), word.end() - 1, [](char c) {
                     return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '_';
                   });
  return tag || std::string_view("#/>@.+~!").find(word.front()) != std::string_view::npos ||
         std::find(std::begin(words), std::end(words), word) != std::end(words);
}

std::size_t display_width(std::string_view utf8) {
  std::size_t width = 0;
  while (!utf8.empty()) {
    std::size_t length = 1;
    width += width_of(decode(utf8, length));
    utf8.remove_prefix(length);
  }
  return width;
}

std::string wrap_body(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines;
  for (std::string_view line : split_lines(text)) {
    if (line == "-- ") {  // the signature's mark is known by its blank
      lines.emplace_back(line);
      continue;
    }
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r')) {
      line.remove_suffix(1);
    }
    if (stays_whole(line) || display_width(line) <= columns) {
      lines.push_back(ellipsize(line, k_longest_line));
    } else {
      wrap_line(line, columns, lines);
    }
  }
  std::string out;
  bool gap = false;
  for (const auto& line : lines) {
    if (line.empty()) {
      gap = !out.empty();
      continue;
    }
    out += gap ? "\n" : "";
    gap = false;
    out += line;
    out += '\n';
  }
  return out;
}

}  // namespace patchmill::reports
