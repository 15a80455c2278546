#include "checks/lint_json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::checks {
namespace {

const boost::json::value* member(const boost::json::value& object, std::string_view key) {
  const boost::json::object* map = object.if_object();
  return map == nullptr ? nullptr : map->if_contains(key);
}

}  // namespace

Result<boost::json::value> parse_tool_json(std::string_view tool, std::string_view text) {
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(text, error);
  if (error) {
    return fail(ErrorKind::infrastructure,
                fmt::format("{} did not answer in JSON: {}", tool, error.message()));
  }
  return value;
}

std::string text_of(const boost::json::value& object, std::string_view key) {
  const boost::json::value* found = member(object, key);
  const boost::json::string* text = found == nullptr ? nullptr : found->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

std::int64_t number_of_key(const boost::json::value& object, std::string_view key) {
  const boost::json::value* found = member(object, key);
  const std::int64_t* number = found == nullptr ? nullptr : found->if_int64();
  return number == nullptr ? 0 : std::clamp<std::int64_t>(*number, 0, 1'000'000'000);
}

}  // namespace patchmill::checks
