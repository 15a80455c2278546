#pragma once
// What texts of people have to be like, with Patchwork's words where they are not.

#include "registry/change.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace patchmill::registry {

// UTF-8 without NUL, at most so many characters.
Changed<void> check_text(std::string_view field, std::string_view text, std::size_t most);
// The same, and an http(s) or ftp(s) URL with a host, without white space, or empty.
Changed<void> check_url(std::string_view field, std::string_view text, std::size_t most);

}  // namespace patchmill::registry
