#pragma once
// The lines of a commit message, as the checks of its tags see them.

#include <optional>
#include <string_view>
#include <vector>

namespace patchmill::checks {

struct TagLine {
  std::size_t index = 0;   // into the lines given
  std::string_view key;    // as written
  std::string_view value;  // trimmed
};

// The lines that are "Key: value" with this key in any case, wherever they stand, leading white
// space allowed (as the kernel's verify_fixes and verify_signedoff look for them).
std::vector<TagLine> tag_lines(const std::vector<std::string_view>& lines, std::string_view key);

// The key when a line looks like a trailer ("Reviewed-by: x", "Link: x", "Cc: x").
std::optional<std::string_view> trailer_key(std::string_view line);

}  // namespace patchmill::checks
