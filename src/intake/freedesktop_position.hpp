#pragma once
// How far a project of a Patchwork of the freedesktop edition was read.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchmill::intake {

struct FreedesktopPosition {
  // The time of the last event that was done with, verbatim: the server's clock has no zone.
  // Empty: there was none yet.
  std::string since;
  std::string begin;                                 // nothing that is older is wanted
  std::vector<std::pair<std::int64_t, int>> missed;  // revisions that could not be had so far
};

inline constexpr std::size_t k_most_missed_revisions = 1000;

// For the store. Reading one gives nothing for what is none.
std::string to_text(const FreedesktopPosition& position);
std::optional<FreedesktopPosition> freedesktop_position_from(std::string_view text);

}  // namespace patchmill::intake
