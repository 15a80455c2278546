#pragma once
// Reading what another Patchwork answers: bounded, and hostile until looked at.

#include "util/result.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::patchwork {

// At most 32 levels deep. Error infrastructure: no JSON, with what it looks like instead (a page of
// HTML, say).
Result<boost::json::value> parse_answer(std::string_view body);

// Fields that may be missing, null or of another type than the schema says. Nothing then.
std::optional<std::int64_t> number_of(const boost::json::object& object, std::string_view key);
// One above 0, as ids are.
std::optional<std::int64_t> id_of(const boost::json::object& object, std::string_view key);
std::string text_of(const boost::json::object& object, std::string_view key);  // "" then
const boost::json::object* object_of(const boost::json::object& object, std::string_view key);
const boost::json::array* array_of(const boost::json::object& object, std::string_view key);

// What the server says about a refusal: "detail", or the complaints about fields of the body
// ("state: A check must have a state."); one line, at most 300 bytes. Empty: nothing.
std::string complaint_of(std::string_view body);

}  // namespace patchmill::patchwork
