#include "checks/checkpatch_output.hpp"

#include "util/text.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace patchmill::checks {
namespace {

using Level = std::pair<std::string_view, CheckpatchLevel>;
constexpr std::array<Level, 3> k_levels = {{{": ERROR:", CheckpatchLevel::error},
                                            {": WARNING:", CheckpatchLevel::warning},
                                            {": CHECK:", CheckpatchLevel::check}}};

// Complaints about the patch as a whole; the place printed with them is where reading ended.
bool is_about_the_whole(std::string_view type) {
  return type == "MISSING_SIGN_OFF" || type == "NO_AUTHOR_SIGN_OFF" || type == "COMMIT_MESSAGE" ||
         type == "FROM_SIGN_OFF_MISMATCH" || type == "NOT_UNIFIED_DIFF";
}

std::optional<CheckpatchLine> parse_line(std::string_view text, bool shows_files) {
  std::size_t at = std::string_view::npos;
  const Level* level = nullptr;
  for (const Level& candidate : k_levels) {
    const std::size_t found = text.find(candidate.first);
    if (found < at) {
      at = found;
      level = &candidate;
    }
  }
  if (level == nullptr) {
    return std::nullopt;
  }
  CheckpatchLine line;
  line.level = level->second;
  const std::string_view place = text.substr(0, at);
  std::string_view rest = text.substr(at + level->first.size());
  const std::size_t colon = rest.find(": ");
  const auto is_type = [](std::string_view word) {
    return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
      return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
  };
  if (colon != std::string_view::npos && is_type(rest.substr(0, colon))) {
    line.type = rest.substr(0, colon);
    rest = rest.substr(colon + 2);
  }
  line.message = trim(rest);
  const std::size_t last = place.rfind(':');
  if (shows_files && last != std::string_view::npos && !is_about_the_whole(line.type)) {
    line.file = place.substr(0, last);
    // Without a file the number counts lines of the mail, which nobody sees.
    if (!line.file.empty()) {
      line.line = static_cast<int>(
          std::min<std::uint64_t>(parse_uint(place.substr(last + 1)).value_or(0), 1'000'000'000));
    }
  }
  return line;
}

}  // namespace

std::vector<CheckpatchLine> parse_checkpatch(std::string_view output, bool shows_files) {
  std::vector<CheckpatchLine> lines;
  for (const std::string_view text : split_lines(output)) {
    if (auto line = parse_line(text, shows_files)) {
      lines.push_back(std::move(*line));
    }
  }
  return lines;
}

}  // namespace patchmill::checks
