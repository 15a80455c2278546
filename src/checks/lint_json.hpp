#pragma once
// Reading the JSON that linters print, which holds text of hostile files.

#include "util/result.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace patchmill::checks {

// Error infrastructure when it is no JSON.
Result<boost::json::value> parse_tool_json(std::string_view tool, std::string_view text);
// A member's text or number; "" or 0 when there is none of that kind.
std::string text_of(const boost::json::value& object, std::string_view key);
std::int64_t number_of_key(const boost::json::value& object, std::string_view key);

}  // namespace patchmill::checks
