#include "http/csrf.hpp"

#include "http/token.hpp"
#include "util/hash.hpp"
#include "util/text.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

namespace patchmill::http {
namespace {

std::string hex(std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += digits[static_cast<unsigned char>(c) >> 4];
    text += digits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

constexpr std::size_t k_cookie_size = 64;  // hexadecimal of 32 bytes

}  // namespace

CsrfProtection::CsrfProtection(std::string key, const Clock& clock, std::chrono::seconds lifetime)
    : m_key(std::move(key)), m_clock(clock), m_lifetime(lifetime) {
  if (m_key.size() < 32) {
    throw std::invalid_argument("the key of the CSRF protection must have at least 32 bytes");
  }
}

std::string CsrfProtection::cookie_name(const Request& request) {
  // The prefix forbids a neighbouring host to set it.
  return request.https ? "__Host-pm_csrf" : "pm_csrf";
}

std::string CsrfProtection::sign(std::string_view cookie, std::string_view time) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const std::string text = std::string(cookie) + "." + std::string(time);
  ::HMAC(::EVP_sha256(), m_key.data(), static_cast<int>(m_key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  return hex({reinterpret_cast<const char*>(digest.data()), size});
}

CsrfProtection::Issued CsrfProtection::issue(const Request& request) const {
  Issued issued;
  auto cookie = request.cookie(cookie_name(request));
  if (!cookie || cookie->size() != k_cookie_size) {
    cookie = hex(random_bytes(k_cookie_size / 2));
    Cookie set;
    set.name = cookie_name(request);
    set.value = *cookie;
    set.secure = request.https;
    set.strict = true;
    issued.cookie = std::move(set);
  }
  const auto seconds = std::chrono::floor<std::chrono::seconds>(m_clock.now());
  const std::string time = std::to_string(seconds.time_since_epoch().count());
  issued.value = time + "." + sign(*cookie, time);
  return issued;
}

Result<void> CsrfProtection::check(const Request& request, std::string_view value) const {
  const std::string_view authorization = request.header("Authorization");
  if (istarts_with(authorization, "Token ") || istarts_with(authorization, "Bearer ")) {
    return {};
  }
  const std::string again = "; load the page again and repeat";
  if (from_other_site(request)) {
    return fail(ErrorKind::invalid, "the form was sent from another site");
  }
  const auto cookie = request.cookie(cookie_name(request));
  if (!cookie || cookie->size() != k_cookie_size) {
    return fail(ErrorKind::invalid, "the cookie that belongs to the form is missing" + again);
  }
  if (value.empty()) {
    value = request.header(k_header);
  }
  const auto dot = value.find('.');
  const auto time = parse_uint(value.substr(0, dot));
  if (dot == std::string_view::npos || !time ||
      !equal_constant_time(value.substr(dot + 1), sign(*cookie, value.substr(0, dot)))) {
    return fail(ErrorKind::invalid, "the form is not one of this browser's" + again);
  }
  const auto age = m_clock.now() - Timestamp(std::chrono::seconds(*time));
  if (age > m_lifetime) {
    return fail(ErrorKind::invalid, "the form is too old" + again);
  }
  return {};
}

Handler CsrfProtection::protect(std::function<Response(Request&, const Form&)> handler) const {
  return [this, handler = std::move(handler)](Request& request) {
    const auto form = form_body(request);
    if (!form) {
      return Response::error(form.error());
    }
    if (const auto good = check(request, form->fields.get_or(k_field, "")); !good) {
      return Response::error(403, good.error().message);
    }
    return handler(request, *form);
  };
}

bool from_other_site(const Request& request) {
  const std::string_view site = request.header("Sec-Fetch-Site");
  if (iequals(site, "cross-site") || iequals(site, "same-site")) {
    return true;
  }
  const auto origin = request.headers.get("Origin");
  return origin && !iequals(*origin, (request.https ? "https://" : "http://") + request.host);
}

}  // namespace patchmill::http
