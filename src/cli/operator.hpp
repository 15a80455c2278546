#pragma once
// Who acts, and how operators name what they act on.

#include "cli/command.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace patchmill::cli {

// The login name behind this process, also behind sudo; else "uid N".
std::string acting_person();

// "3 s", "5 min", "2 h", "4 days": as exact as people want it.
std::string how_long(std::chrono::microseconds time);
std::string human_bytes(std::uint64_t bytes);  // "1.5 GiB"

}  // namespace patchmill::cli
