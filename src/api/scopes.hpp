#pragma once
// What a token needs to write by the interfaces of this folder; service/scopes.cpp describes them.

#include <string_view>

namespace patchmill::api::scope {

// Apart, so that a machine that tests patches cannot change their state.
inline constexpr std::string_view checks = "write:checks";
inline constexpr std::string_view patches = "write:patches";
inline constexpr std::string_view read = "read";  // where an instance is not open to all

}  // namespace patchmill::api::scope
