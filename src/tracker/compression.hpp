#pragma once
// Mails at rest, by zstd.

#include "util/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::tracker {

// Empty when compressing does not pay (small or dense content).
std::optional<std::string> compress(std::string_view content);
// Error invalid when it is no zstd frame, limit when it would grow beyond `max` bytes.
Result<std::string> decompress(std::string_view content, std::size_t max);

}  // namespace patchmill::tracker
