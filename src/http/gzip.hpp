#pragma once

#include <string>
#include <string_view>

namespace patchmill::http {

// One gzip member. level 1 (quick) to 9 (small).
std::string gzip(std::string_view data, int level = 5);
// Whether content of this type shrinks by compressing it (text, JSON, XML, SVG, JavaScript).
bool is_compressible(std::string_view content_type);

}  // namespace patchmill::http
