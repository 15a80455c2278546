#pragma once
// A commit as people read it: the first 12 digits, as the kernel's documents ask for.

#include <string>
#include <string_view>

namespace patchmill::placement {

inline std::string short_id(std::string_view id) {
  return std::string(id.substr(0, 12));
}

}  // namespace patchmill::placement
