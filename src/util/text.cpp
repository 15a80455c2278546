#include "util/text.hpp"

#include "util/ascii.hpp"

#include <algorithm>
#include <limits>

namespace patchmill {
namespace {

std::optional<std::uint64_t> parse_scaled(std::string_view text, std::uint64_t scale) {
  const auto number = parse_uint(text);
  if (!number || *number > std::numeric_limits<std::uint64_t>::max() / scale) {
    return std::nullopt;
  }
  return *number * scale;
}

}  // namespace

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_space(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

std::string_view trim_end(std::string_view text) {
  while (!text.empty() && is_space(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

std::string to_lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), ascii_lower);
  return result;
}

bool iequals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return ascii_lower(x) == ascii_lower(y);
         });
}

bool istarts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      break;
    }
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string result;
  for (const auto& part : parts) {
    if (&part != parts.data()) {
      result += separator;
    }
    result += part;
  }
  return result;
}

std::string joined_lines(std::string_view text) {
  std::string result;
  for (const std::string_view line : split_lines(text)) {
    if (const std::string_view words = trim(line); !words.empty()) {
      result += result.empty() ? "" : "; ";
      result += words;
    }
  }
  return result;
}

std::string collapse_whitespace(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  bool in_space = false;
  for (const char c : text) {
    if (!is_space(c)) {
      result.push_back(c);
    } else if (!in_space) {
      result.push_back(' ');
    }
    in_space = is_space(c);
  }
  return result;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    above[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::optional<std::string> nearest_name(std::string_view written,
                                        std::span<const std::string> names) {
  constexpr std::size_t longest_name = 256;  // the distance costs the product of both lengths
  if (written.empty() || written.size() > longest_name) {
    return std::nullopt;
  }
  const std::string wanted = to_lower(written);
  std::optional<std::string> nearest;
  std::size_t best = std::max<std::size_t>(1, written.size() / 3) + 1;
  for (const auto& name : names) {
    if (name.size() > longest_name) {
      continue;
    }
    const std::size_t distance = edit_distance(wanted, to_lower(name));
    if (distance < best) {
      best = distance;
      nearest = name;
    }
  }
  return nearest;
}

std::optional<std::uint64_t> parse_uint(std::string_view text) {
  if (text.empty()) {
    return std::nullopt;
  }
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (most - digit) / 10) {
      return std::nullopt;
    }
    value = value * 10 + digit;
  }
  return value;
}

std::optional<std::uint64_t> parse_duration_seconds(std::string_view text) {
  if (text.empty()) {
    return std::nullopt;
  }
  const auto number = text.substr(0, text.size() - 1);
  switch (text.back()) {
    case 's':
      return parse_scaled(number, 1);
    case 'm':
      return parse_scaled(number, 60);
    case 'h':
      return parse_scaled(number, 3600);
    case 'd':
      return parse_scaled(number, 86400);
    default:
      return parse_uint(text);
  }
}

std::optional<std::uint64_t> parse_size_bytes(std::string_view text) {
  if (text.empty()) {
    return std::nullopt;
  }
  const auto number = text.substr(0, text.size() - 1);
  switch (ascii_lower(text.back())) {
    case 'k':
      return parse_scaled(number, std::uint64_t{1} << 10);
    case 'm':
      return parse_scaled(number, std::uint64_t{1} << 20);
    case 'g':
      return parse_scaled(number, std::uint64_t{1} << 30);
    default:
      return parse_uint(text);
  }
}

}  // namespace patchmill
