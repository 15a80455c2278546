#pragma once

#include "util/clock.hpp"
#include "util/result.hpp"

#include <optional>
#include <string_view>

namespace patchmill::cli {

// Until when a token made `now` is valid: "90d", "12h", or "never" (nothing). A number without its
// unit is refused, because people mean days by it.
Result<std::optional<Timestamp>> read_token_expiry(std::string_view word, Timestamp now);

}  // namespace patchmill::cli
