#pragma once
// How often a folder or file is looked at although nothing told of a change.

#include <chrono>

namespace patchmill::intake {

inline constexpr std::chrono::milliseconds rescan_local = std::chrono::minutes(1);
// On filesystems of other machines, whose changes are not all told.
inline constexpr std::chrono::milliseconds rescan_remote = std::chrono::seconds(15);
// Where nothing can be watched.
inline constexpr std::chrono::milliseconds rescan_unwatched = std::chrono::seconds(1);

}  // namespace patchmill::intake
