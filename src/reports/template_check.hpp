#pragma once
// What is wrong with a template, before it is ever used.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::reports {

inline constexpr std::size_t k_largest_template = 64u << 10;

// Every fault, each "FILE:LINE: message" with the nearest valid word; empty: it can be rendered.
// `is_partial`: whether {{> name}} names a file there is. Sections must begin and end in the same
// file; lists stand only where template_keys() has them, so that no template can multiply its
// output without bound.
std::vector<std::string> check_template(std::string_view file, std::string_view text,
                                        const std::function<bool(std::string_view)>& is_partial);

}  // namespace patchmill::reports
