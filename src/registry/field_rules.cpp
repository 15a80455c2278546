#include "registry/field_rules.hpp"

#include "registry/rights.hpp"
#include "registry/sql_builder.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace patchmill::registry {
namespace {

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool is_url(std::string_view text) {
  constexpr std::array<std::string_view, 4> schemes = {"http://", "https://", "ftp://", "ftps://"};
  const auto scheme = std::find_if(schemes.begin(), schemes.end(),
                                   [&](std::string_view one) { return istarts_with(text, one); });
  if (scheme == schemes.end()) {
    return false;
  }
  const std::string_view rest = text.substr(scheme->size());
  const bool clean = std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '"' || c == '<' || c == '>';
  });
  return clean && !rest.empty() && rest.find_first_of("/?#:@") != 0;
}

}  // namespace

Changed<void> check_text(std::string_view field, std::string_view text, std::size_t most) {
  if (text.find('\0') != std::string_view::npos) {
    return invalid(std::string(field), "Null characters are not allowed.");
  }
  if (!bindable(text)) {
    return invalid(std::string(field), "This is not UTF-8.");
  }
  if (characters(text) > most) {
    return invalid(std::string(field),
                   fmt::format("Ensure this field has no more than {} characters.", most));
  }
  return {};
}

Changed<void> check_url(std::string_view field, std::string_view text, std::size_t most) {
  PM_TRY(check_text(field, text, most));
  if (!text.empty() && !is_url(text)) {
    return invalid(std::string(field), "Enter a valid URL.");
  }
  return {};
}

}  // namespace patchmill::registry
