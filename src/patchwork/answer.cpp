#include "patchwork/answer.hpp"

#include "util/text.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <limits>

namespace patchmill::patchwork {
namespace json = boost::json;
namespace {

constexpr std::size_t longest_complaint = 300;

std::string for_people(std::string_view text, std::size_t most) {
  return ellipsize(escape_terminal(collapse_whitespace(mend_utf8(text))), most);
}

// A text, or a list of texts.
std::string words_of(const json::value& value) {
  if (value.is_string()) {
    return std::string(value.get_string());
  }
  std::string all;
  if (value.is_array()) {
    for (const auto& item : value.get_array()) {
      if (item.is_string() && all.size() < longest_complaint) {
        all += (all.empty() ? "" : " ") + std::string(item.get_string());
      }
    }
  }
  return all;
}

}  // namespace

Result<json::value> parse_answer(std::string_view body) {
  json::parse_options options;
  options.max_depth = 32;
  json::error_code error;
  auto value = json::parse(body, error, {}, options);
  if (!error) {
    return value;
  }
  const auto start = trim(body.substr(0, 200));
  if (start.empty()) {
    return fail(ErrorKind::infrastructure, "an empty answer instead of JSON");
  }
  if (start.front() == '<') {
    return fail(ErrorKind::infrastructure,
                "a page instead of JSON; open the address in a browser: a login, a check for "
                "robots or a proxy may stand before it");
  }
  return fail(ErrorKind::infrastructure,
              fmt::format("no JSON ({}): \"{}\"", error.message(), for_people(start, 80)));
}

std::optional<std::int64_t> number_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (value->is_int64()) {
    return value->get_int64();
  }
  if (value->is_uint64() &&
      value->get_uint64() <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return static_cast<std::int64_t>(value->get_uint64());
  }
  return std::nullopt;
}

std::optional<std::int64_t> id_of(const json::object& object, std::string_view key) {
  const auto number = number_of(object, key);
  return number && *number > 0 ? number : std::nullopt;
}

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

const json::object* object_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr ? value->if_object() : nullptr;
}

const json::array* array_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr ? value->if_array() : nullptr;
}

std::string complaint_of(std::string_view body) {
  const auto value = parse_answer(body);
  if (!value || !value->is_object()) {
    return {};
  }
  const auto& object = value->get_object();
  if (const auto* detail = object.if_contains("detail")) {
    return for_people(words_of(*detail), longest_complaint);
  }
  std::string all;
  for (const auto& [key, complaints] : object) {
    if (const auto words = words_of(complaints); !words.empty() && all.size() < longest_complaint) {
      all += fmt::format("{}{}: {}", all.empty() ? "" : "; ", std::string_view(key), words);
    }
  }
  return for_people(all, longest_complaint);
}

}  // namespace patchmill::patchwork
