#include "http/security_headers.hpp"

#include <string_view>

namespace patchmill::http {

void add_security_headers(Headers& headers, Content content, bool hsts) {
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!headers.has(name)) {
      headers.add(name, value);
    }
  };
  add("X-Content-Type-Options", "nosniff");
  if (hsts) {
    add("Strict-Transport-Security", "max-age=31536000");
  }
  switch (content) {
    case Content::page:
      add("Content-Security-Policy",
          "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
          "form-action 'self'");
      add("X-Frame-Options", "DENY");
      add("Referrer-Policy", "same-origin");
      add("Cross-Origin-Opener-Policy", "same-origin");
      add("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
      break;
    case Content::data:
      break;
    case Content::untrusted:
      add("Content-Security-Policy", "sandbox; default-src 'none'");
      add("X-Frame-Options", "DENY");
      add("Cross-Origin-Resource-Policy", "same-origin");
      break;
  }
}

}  // namespace patchmill::http
