#pragma once
// Bytes kept of what a person says about a request or a pause; from outside, so bounded.

#include <cstddef>

namespace patchmill::pipeline {

inline constexpr std::size_t k_max_who = 200;
inline constexpr std::size_t k_max_reason = 1000;

}  // namespace patchmill::pipeline
