#include "http/url.hpp"

#include "util/text.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

namespace patchmill::http {
namespace {

struct CurlFree {
  void operator()(char* text) const { ::curl_free(text); }
};

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (::curl_url_get(url, which, &text, flags) != CURLUE_OK) {
    return {};
  }
  const std::unique_ptr<char, CurlFree> owner(text);
  return text;
}

Result<Url> parse(const std::string& base, std::string_view text) {
  const auto wrong = [&](const std::string& why) {
    return fail(ErrorKind::invalid, "'" + ellipsize(escape_terminal(text), 200) + "' " + why);
  };
  if (text.size() > 8192 || std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
      })) {
    return wrong("is no address: it is too long or has blanks or control characters");
  }
  const std::unique_ptr<CURLU, decltype(&::curl_url_cleanup)> url(::curl_url(),
                                                                  &::curl_url_cleanup);
  if (!base.empty() && ::curl_url_set(url.get(), CURLUPART_URL, base.c_str(), 0) != CURLUE_OK) {
    return wrong("cannot be taken relative to " + base);
  }
  const CURLUcode code = ::curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), 0);
  if (code != CURLUE_OK) {
    return wrong(std::string("is no absolute http or https address: ") + ::curl_url_strerror(code));
  }
  const std::string scheme = part(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    return wrong("is neither http nor https");
  }
  if (!part(url.get(), CURLUPART_USER).empty() || !part(url.get(), CURLUPART_PASSWORD).empty()) {
    return fail(ErrorKind::invalid, "an address must not hold a user or a password");
  }
  ::curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);
  Url result;
  result.text = part(url.get(), CURLUPART_URL);
  result.host = to_lower(part(url.get(), CURLUPART_HOST));
  result.origin =
      scheme + "://" + result.host + ":" + part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (result.host.empty()) {
    return wrong("has no host");
  }
  return result;
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  return parse({}, text);
}

Result<Url> resolve_url(const Url& base, std::string_view reference) {
  return parse(base.text, reference);
}

}  // namespace patchmill::http
