#pragma once
// Whether a text holds another.

#include <string_view>

namespace patchmill::test {

inline bool contains(std::string_view text, std::string_view what) {
  return text.find(what) != std::string_view::npos;
}

}  // namespace patchmill::test
