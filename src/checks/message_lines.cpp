#include "checks/message_lines.hpp"

#include "util/text.hpp"

#include <algorithm>
#include <array>

namespace patchmill::checks {
namespace {

bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

}  // namespace

std::vector<TagLine> tag_lines(const std::vector<std::string_view>& lines, std::string_view key) {
  std::vector<TagLine> found;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = trim(lines[i]);
    if (line.size() > key.size() && istarts_with(line, key) && line[key.size()] == ':') {
      found.push_back({.index = i,
                       .key = line.substr(0, key.size()),
                       .value = trim(line.substr(key.size() + 1))});
    }
  }
  return found;
}

std::optional<std::string_view> trailer_key(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon > 40) {
    return std::nullopt;
  }
  const std::string_view key = line.substr(0, colon);
  if (!std::all_of(key.begin(), key.end(), is_key_character)) {
    return std::nullopt;
  }
  // A single word before a colon is prose more often than a tag ("Note: …"), unless it is known.
  constexpr std::array<std::string_view, 8> known = {"Fixes", "Link",     "Cc",      "Closes",
                                                     "Bug",   "Reported", "BugLink", "References"};
  const bool is_known = std::any_of(known.begin(), known.end(),
                                    [&](std::string_view word) { return iequals(word, key); });
  if (!is_known && key.find('-') == std::string_view::npos) {
    return std::nullopt;
  }
  return line.size() > colon + 1 && line[colon + 1] == ' ' ? std::optional(key) : std::nullopt;
}

}  // namespace patchmill::checks
