#pragma once
// Cookies (RFC 6265): reading what browsers send, writing ours.

#include "http/headers.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::http {

// The first cookie of that name, quotes removed; at most 100 cookies are looked at.
std::optional<std::string> find_cookie(const Headers& headers, std::string_view name);

struct Cookie {
  std::string name;   // a token
  std::string value;  // visible ASCII without blanks, quotes, commas, semicolons, backslashes
  std::optional<std::chrono::seconds> max_age;  // absent: until the browser is closed; 0: delete it
  bool secure = true;
  bool http_only = true;
  bool strict = false;  // SameSite=Strict instead of Lax
};
// The value of a Set-Cookie field, Path=/. Throws std::invalid_argument for a name or a value that
// no cookie can have: those are of our own making.
std::string format_cookie(const Cookie& cookie);

}  // namespace patchmill::http
