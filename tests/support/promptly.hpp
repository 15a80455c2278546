#pragma once
// How long something may take that ends at once, where the other way would be to wait for minutes.

#include "support/sanitized.hpp"

#include <chrono>

namespace patchmill::test {

// People are promised a second. A machine that compiles and tests at the same time keeps a thread
// waiting for longer, a sanitizer for much longer.
inline constexpr std::chrono::seconds k_promptly{k_sanitized ? 10 : 3};

}  // namespace patchmill::test
