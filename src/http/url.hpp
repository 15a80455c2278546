#pragma once
// Addresses of other servers (libcurl's URL parser, http and https only).

#include "util/result.hpp"

#include <string>
#include <string_view>

namespace patchmill::http {

struct Url {
  std::string text;    // the whole address, normalised, without fragment
  std::string origin;  // "https://host:443": same origin, same credentials
  std::string host;
};
// Error invalid: no absolute http(s) address, a user or password in it, controls, over 8 KiB.
Result<Url> parse_url(std::string_view text);
// A Location or a Link target, which may be relative to `base`.
Result<Url> resolve_url(const Url& base, std::string_view reference);

}  // namespace patchmill::http
