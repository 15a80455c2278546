#include "api/patchwork/fields.hpp"

#include <doctest/doctest.h>

namespace patchmill::api::patchwork {
namespace {

TEST_CASE("slugify: names of states") {
  CHECK(slugify("Under Review") == "under-review");
  CHECK(slugify(" RFC ") == "rfc");
  CHECK(slugify("a -- b!") == "a-b");
  CHECK(slugify("needs_ack") == "needs_ack");
  CHECK(slugify("ä").empty());
}

TEST_CASE("is_slug") {
  CHECK(is_slug("build-x86_64"));
  CHECK_FALSE(is_slug(""));
  CHECK_FALSE(is_slug("a b"));
  CHECK_FALSE(is_slug("ä"));
}

TEST_CASE("is_web_url: what Django's validator takes") {
  for (const std::string url :
       {"http://a.org", "https://ci.example.com/1?x=y#z", "http://localhost/x",
        "https://localhost:8080", "http://127.0.0.1/", "http://[::1]:80/", "ftp://a.org/",
        "https://user:pw@a.org/", "https://bücher.example/", "https://a.xn--p1ai/"}) {
    CAPTURE(url);
    CHECK(is_web_url(url));
  }
  for (const std::string url :
       {"", "notaurl", "https://", "https:///x", "https://ci/x", "javascript:alert(1)",
        "javascript://a.org/", "file:///etc/passwd", "http://a.org:99999/", "http://a.org:/",
        "http://-a.org/", "http://a..org/", "http://a.org/x y", "http://a.org/\n",
        "http://300.1.1.1/", "http://[::1/", "//a.org/"}) {
    CAPTURE(url);
    CHECK_FALSE(is_web_url(url));
  }
}

}  // namespace
}  // namespace patchmill::api::patchwork
