#include "api/patchwork/fields.hpp"

#include "api/patchwork/parameters.hpp"
#include "http/body.hpp"
#include "util/text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace patchmill::api::patchwork {
namespace {

namespace json = boost::json;

constexpr std::size_t k_most_ids = 1000;  // of one field

std::string_view text_of(const json::value& value) {
  return {value.as_string().data(), value.as_string().size()};
}

std::string_view python_type(const json::value& value) {
  switch (value.kind()) {
    case json::kind::bool_:
      return "bool";
    case json::kind::int64:
    case json::kind::uint64:
      return "int";
    case json::kind::double_:
      return "float";
    case json::kind::string:
      return "str";
    case json::kind::array:
      return "list";
    case json::kind::object:
      return "dict";
    case json::kind::null:
      break;
  }
  return "NoneType";
}

// Strings and numbers as they are written; nothing for anything else, nor for a number that has
// become infinite (1e400).
std::optional<std::string> as_text(const json::value& value) {
  if (value.is_string()) {
    return std::string(text_of(value));
  }
  if (value.is_int64()) {
    return std::to_string(value.get_int64());
  }
  if (value.is_uint64()) {
    return std::to_string(value.get_uint64());
  }
  if (value.is_double() && std::isfinite(value.get_double())) {
    return fmt::format("{}", value.get_double());
  }
  return std::nullopt;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

}  // namespace

tl::expected<Fields, http::Response> Fields::read(const http::Request& request) {
  Fields fields;
  const std::string type = request.content_type();
  if (type == "application/x-www-form-urlencoded" || type == "multipart/form-data") {
    auto form = http::form_body(request);
    if (!form) {
      return tl::unexpected(problem(
          400, (type.starts_with("m") ? "Multipart form parse error - " : "Form parse error - ") +
                   form.error().message));
    }
    fields.m_is_form = true;
    for (const auto& [name, value] : form->fields) {
      json::value& all = fields.m_values[name];
      if (!all.is_array()) {
        all = json::array();
      }
      all.as_array().emplace_back(value);
    }
    return fields;
  }
  if (type != "application/json" && !(type.empty() && request.body.empty())) {
    return tl::unexpected(
        problem(415, fmt::format("Unsupported media type \"{}\" in request.",
                                 ellipsize(request.header("Content-Type"), 200))));
  }
  if (request.body.empty()) {
    return fields;
  }
  auto value = http::json_body(request);
  if (!value) {
    return tl::unexpected(problem(400, "JSON parse error - " + value.error().message));
  }
  if (!value->is_object()) {
    return tl::unexpected(problem(400, fmt::format("Invalid data. Expected a dictionary, but got "
                                                   "{}.",
                                                   python_type(*value))));
  }
  fields.m_values = std::move(value->as_object());
  return fields;
}

const json::value* Fields::find(std::string_view name) const {
  const json::value* value = m_values.if_contains(name);
  return value != nullptr && m_is_form ? &value->as_array().back() : value;
}

void Fields::require(std::string_view name) {
  if (!has(name)) {
    m_errors.add(name, std::string(k_required));
  }
}

std::optional<bool> Fields::boolean(std::string_view name) {
  if (m_is_form && word(name) == "") {
    return std::nullopt;  // a form's way to leave it out (Field.get_value)
  }
  const auto read = nullable_boolean(name);
  if (read.given && !read.value) {
    m_errors.add(name, std::string(k_not_null));
  }
  return read.value;
}

Fields::Nullable<bool> Fields::nullable_boolean(std::string_view name) {
  const json::value* value = find(name);
  if (value == nullptr) {
    return {};
  }
  if (value->is_null()) {
    return {true};
  }
  if (value->is_bool()) {
    return {true, value->get_bool()};
  }
  const auto text = as_text(*value);
  if (text && (text->empty() || iequals(*text, "null"))) {
    return {true};
  }
  const auto read = text ? parse_api_bool(*text) : std::nullopt;
  if (!read) {
    m_errors.add(name, "Must be a valid boolean.");
    return {};
  }
  return {true, read};
}

std::optional<std::string> Fields::text(std::string_view name, Text rule) {
  auto read = nullable_text(name, rule);
  if (read.given && !read.value) {
    m_errors.add(name, std::string(k_not_null));
  }
  return std::move(read.value);
}

Fields::Nullable<std::string> Fields::nullable_text(std::string_view name, Text rule) {
  const json::value* value = find(name);
  if (value == nullptr) {
    return {};
  }
  if (value->is_null()) {
    return {true};
  }
  const auto written = as_text(*value);
  if (!written) {
    m_errors.add(name, "Not a valid string.");
    return {};
  }
  std::string text(trim(*written));
  if (text.empty() && !rule.may_be_blank) {
    m_errors.add(name, "This field may not be blank.");
  } else if (text.find('\0') != std::string::npos) {
    m_errors.add(name, "Null characters are not allowed.");
  } else if (characters(text) > rule.longest) {
    m_errors.add(name,
                 fmt::format("Ensure this field has no more than {} characters.", rule.longest));
  } else {
    return {true, std::move(text)};
  }
  return {};
}

std::optional<std::string> Fields::word(std::string_view name) {
  const json::value* value = find(name);
  return value == nullptr ? std::nullopt : as_text(*value);
}

bool Fields::is_null(std::string_view name) const {
  const json::value* value = find(name);
  return value != nullptr && value->is_null();
}

std::string Fields::printed(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr || value->is_null()) {
    return "None";
  }
  if (value->is_bool()) {
    return value->get_bool() ? "True" : "False";
  }
  return as_text(*value).value_or(json::serialize(*value));
}

std::optional<Id> Fields::id_of(std::string_view name, const json::value& value) {
  const auto text = value.is_double() ? std::nullopt : as_text(value);
  const std::string_view digits = text ? trim(*text) : std::string_view{};
  const bool number =
      !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
  if (!number) {
    m_errors.add(
        name, fmt::format("Incorrect type. Expected pk value, received {}.", python_type(value)));
    return std::nullopt;
  }
  const auto id = parse_uint(digits);
  if (!id || *id > static_cast<std::uint64_t>(std::numeric_limits<Id>::max())) {
    m_errors.add(name,
                 fmt::format("Invalid pk \"{}\" - object does not exist.", ellipsize(digits, 80)));
    return std::nullopt;
  }
  return static_cast<Id>(*id);
}

Fields::Nullable<Id> Fields::id(std::string_view name) {
  const json::value* value = find(name);
  if (value == nullptr) {
    return {};
  }
  if (value->is_null() || (value->is_string() && value->as_string().empty())) {
    return {true};
  }
  const auto read = id_of(name, *value);
  return {read.has_value(), read};
}

std::optional<std::vector<Id>> Fields::ids(std::string_view name) {
  const json::value* value = m_values.if_contains(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!value->is_array()) {
    m_errors.add(name,
                 fmt::format("Expected a list of items but got type \"{}\".", python_type(*value)));
    return std::nullopt;
  }
  if (value->as_array().size() > k_most_ids) {
    m_errors.add(name, fmt::format("At most {} can be named at once.", k_most_ids));
    return std::nullopt;
  }
  std::vector<Id> ids;
  for (const json::value& item : value->as_array()) {
    if (m_is_form && item.as_string().empty()) {
      continue;  // how a form says "none"
    }
    const auto id = id_of(name, item);
    if (!id) {
      return std::nullopt;
    }
    if (std::find(ids.begin(), ids.end(), *id) == ids.end()) {
      ids.push_back(*id);
    }
  }
  return ids;
}

std::string slugify(std::string_view text) {
  std::string slug;
  for (const char c : to_lower(text)) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    if (letter) {
      slug += c;
    } else if ((c == '-' || c == ' ' || c == '\t' || c == '\n') && !slug.empty() &&
               slug.back() != '-') {
      slug += '-';
    }
  }
  while (slug.ends_with('-')) {
    slug.pop_back();
  }
  return slug;
}

bool is_slug(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

namespace {

bool is_host_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(),
                     [](char c) { return is_host_letter(c) || c == '-'; });
}

bool is_host(std::string_view host) {
  if (host.starts_with('[')) {
    return host.size() > 3 && host.ends_with(']') &&
           host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdefABCDEF:.") ==
               std::string_view::npos;
  }
  if (iequals(host, "localhost")) {
    return true;
  }
  if (host.ends_with('.')) {
    host.remove_suffix(1);
  }
  const auto labels = split(host, '.');
  if (labels.size() < 2 || host.size() > 253 ||
      !std::all_of(labels.begin(), labels.end(), is_label)) {
    return false;
  }
  const auto is_number = [](std::string_view label) {
    const auto number = parse_uint(label);
    return number && *number <= 255;
  };
  if (labels.size() == 4 && std::all_of(labels.begin(), labels.end(), is_number)) {
    return true;
  }
  const std::string_view top = labels.back();
  return top.size() >= 2 &&
         (istarts_with(top, "xn--") || top.find_first_of("0123456789") == std::string_view::npos);
}

}  // namespace

bool is_web_url(std::string_view text) {
  const auto colon = text.find("://");
  if (colon == std::string_view::npos) {
    return false;
  }
  const std::string scheme = to_lower(text.substr(0, colon));
  if (scheme != "http" && scheme != "https" && scheme != "ftp" && scheme != "ftps") {
    return false;
  }
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; })) {
    return false;
  }
  std::string_view host = text.substr(colon + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (const auto at = host.rfind('@'); at != std::string_view::npos) {
    host.remove_prefix(at + 1);
  }
  const auto port = host.rfind(':');
  if (port != std::string_view::npos && host.find(']', port) == std::string_view::npos) {
    const std::string_view digits = host.substr(port + 1);
    const auto number = parse_uint(digits);
    if (digits.size() < 1 || digits.size() > 5 || !number || *number > 65535) {
      return false;
    }
    host = host.substr(0, port);
  }
  return is_host(host);
}

}  // namespace patchmill::api::patchwork
