#pragma once
// From what a handler returned to what goes over the wire: errors rendered, coding and range
// chosen, conditions checked, security headers added.

#include "http/message.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::http {

// A page for an error; status and text of the reason, not escaped.
using ErrorPage = std::function<std::string(int status, std::string_view detail)>;

struct PrepareOptions {
  ErrorPage error_page;  // empty: a small built-in page
  bool hsts = false;
};

// The response's headers are complete besides Date, Connection, Content-Length, Transfer-Encoding.
struct Prepared {
  Response response;
  std::optional<std::uint64_t> length;  // of the body; none: not known
  bool send_body = true;                // false for HEAD, 204, 304
};
Prepared prepare(const Request& request, Response response, const PrepareOptions& options);

// Text for HTML content and quoted attributes.
std::string escape_html(std::string_view text);

}  // namespace patchmill::http
