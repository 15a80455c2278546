#pragma once
// Versions of Patchwork's API.

#include <optional>
#include <string>
#include <string_view>

namespace patchmill::api::patchwork {

// 1.0 to 1.4, or none: then everything is there.
struct Version {
  static constexpr int k_newest = 4;
  int minor = k_newest;
  bool named = false;  // stands in the path

  [[nodiscard]] bool has(int minor_needed) const { return minor >= minor_needed; }
  // "/api/1.2" or "/api".
  [[nodiscard]] std::string prefix() const {
    return named ? "/api/1." + std::to_string(minor) : "/api";
  }
  // "1.0" to "1.4".
  static std::optional<Version> parse(std::string_view text) {
    if (text.size() != 3 || !text.starts_with("1.") || text[2] < '0' || text[2] > '0' + k_newest) {
      return std::nullopt;
    }
    return Version{text[2] - '0', true};
  }
};

}  // namespace patchmill::api::patchwork
