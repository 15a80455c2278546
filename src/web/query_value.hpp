#pragma once
// What a reader asked for in an address, fit to be stored, shown and looked for.

#include <string>
#include <string_view>

namespace patchmill::web {

// Valid UTF-8 without white space around it, at most 200 bytes.
std::string bounded_value(std::string_view value);

}  // namespace patchmill::web
