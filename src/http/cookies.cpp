#include "http/cookies.hpp"

#include "util/text.hpp"

#include <algorithm>
#include <stdexcept>

namespace patchmill::http {

std::optional<std::string> find_cookie(const Headers& headers, std::string_view name) {
  std::size_t looked = 0;
  for (const auto& [field, value] : headers) {
    if (!iequals(field, "Cookie")) {
      continue;
    }
    for (const std::string_view pair : split(value, ';')) {
      if (++looked > 100) {
        return std::nullopt;
      }
      const auto equals = pair.find('=');
      if (equals == std::string_view::npos || trim(pair.substr(0, equals)) != name) {
        continue;
      }
      std::string_view found = trim(pair.substr(equals + 1));
      if (found.size() >= 2 && found.front() == '"' && found.back() == '"') {
        found = found.substr(1, found.size() - 2);
      }
      return std::string(found);
    }
  }
  return std::nullopt;
}

std::string format_cookie(const Cookie& cookie) {
  const bool plain = std::all_of(cookie.value.begin(), cookie.value.end(), [](char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
  });
  if (!is_token(cookie.name) || !plain) {
    throw std::invalid_argument("the cookie '" + cookie.name + "' cannot have this name or value");
  }
  std::string text = cookie.name + "=" + cookie.value + "; Path=/";
  if (cookie.max_age) {
    text += "; Max-Age=" + std::to_string(cookie.max_age->count());
  }
  if (cookie.secure) {
    text += "; Secure";
  }
  if (cookie.http_only) {
    text += "; HttpOnly";
  }
  text += cookie.strict ? "; SameSite=Strict" : "; SameSite=Lax";
  return text;
}

}  // namespace patchmill::http
