#pragma once
// Names of git objects and what can go wrong with git.

#include <string>
#include <string_view>

namespace patchmill::git {

// Full hexadecimal object name, 40 (SHA-1) or 64 (SHA-256) lower-case digits; empty: none.
using ObjectId = std::string;

bool is_object_id(std::string_view text);
bool is_abbreviated_id(std::string_view text);  // 4 to 64 hexadecimal digits

}  // namespace patchmill::git
