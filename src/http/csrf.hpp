#pragma once
// Form posts come from our own pages only: a signed value in the form that belongs to a cookie of
// the same browser, and what browsers say about where a request comes from.

#include "http/body.hpp"
#include "http/cookies.hpp"
#include "util/clock.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::http {

class CsrfProtection {
 public:
  // key: at least 32 secret bytes, the same on every machine that serves the pages.
  CsrfProtection(std::string key, const Clock& clock,
                 std::chrono::seconds lifetime = std::chrono::hours(12));

  static constexpr std::string_view k_field = "csrf_token";     // name of the hidden input
  static constexpr std::string_view k_header = "X-CSRF-Token";  // the same for scripts

  struct Issued {
    std::string value;             // for the hidden input
    std::optional<Cookie> cookie;  // to be set with the page, unless the browser has it
  };
  [[nodiscard]] Issued issue(const Request& request) const;

  // Error invalid says what is wrong. Requests with a Token or Bearer pass: no browser adds those
  // by itself. `value` is the form's field; the header is looked at when it is empty.
  [[nodiscard]] Result<void> check(const Request& request, std::string_view value) const;

  // A handler that reads the form, refuses with 400 or 403, and hands it on.
  [[nodiscard]] Handler protect(std::function<Response(Request&, const Form&)> handler) const;

 private:
  [[nodiscard]] std::string sign(std::string_view cookie, std::string_view time) const;
  static std::string cookie_name(const Request& request);
  const std::string m_key;
  const Clock& m_clock;
  const std::chrono::seconds m_lifetime;
};

// A cross-site request by the word of the browser: Sec-Fetch-Site, or an Origin that is not ours.
bool from_other_site(const Request& request);

}  // namespace patchmill::http
