#include "http/target.hpp"

#include "http/address.hpp"

#include <doctest/doctest.h>

namespace patchmill::http {
namespace {

TEST_CASE("percent_decode, percent_encode") {
  CHECK(*percent_decode("a%20b+c") == "a b+c");
  CHECK(*percent_decode("a%20b+c", true) == "a b c");
  CHECK(*percent_decode("%E2%82%AC") == "€");
  for (const auto* bad : {"%", "%4", "%4x", "%00", "%c0%80", "%ed%a0%80", "%ff", "%f5%80%80%80"}) {
    CAPTURE(bad);
    CHECK_FALSE(percent_decode(bad).has_value());
  }
  CHECK(percent_encode("a/b c€") == "a%2Fb%20c%E2%82%AC");
  CHECK(percent_encode("a/b", true) == "a/b");
}

TEST_CASE("parse_query: pairs, repeated names, limits") {
  const auto query = parse_query("a=1&b=x%26y&a=2&&c&=e&d=a=b");
  REQUIRE(query.has_value());
  CHECK(query->get("a") == "1");
  CHECK(query->all("a").size() == 2);
  CHECK(query->get("b") == "x&y");
  CHECK(query->get("c") == "");
  CHECK(query->get("d") == "a=b");
  CHECK(query->get_or("none", "other") == "other");
  CHECK_FALSE(parse_query("a=%00").has_value());
  CHECK(parse_query("a&b&c", 2).error().kind == ErrorKind::limit);
}

TEST_CASE("parse_path: segments") {
  CHECK(parse_path("/")->segments.empty());
  CHECK(parse_path("/")->trailing_slash);
  CHECK(parse_path("/a/b/")->segments.size() == 2);
  CHECK(parse_path("/a//b")->empty_segment);
  CHECK(parse_path("//")->empty_segment);
  CHECK_FALSE(parse_path("a").has_value());
  CHECK_FALSE(parse_path("").has_value());
  std::string deep;
  for (int i = 0; i < 65; ++i) {
    deep += "/a";
  }
  CHECK_FALSE(parse_path(deep).has_value());
}

TEST_CASE("split_target, valid_host") {
  CHECK(split_target("http://h:1/p?q")->path == "/p");
  CHECK(split_target("http://h:1?q")->query == "q");
  CHECK(split_target("https://h")->path == "/");
  CHECK_FALSE(split_target("http:///p").has_value());
  CHECK_FALSE(split_target("http://a@b/p").has_value());
  CHECK(valid_host("a.example:80"));
  CHECK(valid_host("[::1]:8080"));
  CHECK(valid_host("a:"));
  for (const auto* bad : {"", "a:b", "[::1", "[x]", "a b", "a:80:90", "a/b", "[::1]x"}) {
    CAPTURE(bad);
    CHECK_FALSE(valid_host(bad));
  }
}

TEST_CASE("Network::contains") {
  const auto inside = [](const char* network, const char* address) {
    return Network::parse(network)->contains(*Address::parse(address));
  };
  CHECK(inside("10.0.0.0/8", "10.255.1.2"));
  CHECK_FALSE(inside("10.0.0.0/8", "11.0.0.1"));
  CHECK(inside("192.0.2.128/25", "192.0.2.200"));
  CHECK_FALSE(inside("192.0.2.128/25", "192.0.2.100"));
  CHECK(inside("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(inside("2001:db8::/33", "2001:db8:8000::1"));
  CHECK(inside("::ffff:10.0.0.1", "10.0.0.1"));
  CHECK(inside("0.0.0.0/0", "1.2.3.4"));
  CHECK_FALSE(inside("0.0.0.0/0", "2001:db8::1"));
  for (const auto* bad : {"", "10.0.0/8", "10.0.0.0/33", "::/129", "x", "10.0.0.0/-1"}) {
    CHECK_FALSE(Network::parse(bad).has_value());
  }
  CHECK(Address::parse("2001:db8:1:2:3::4")->limit_key() == *Address::parse("2001:db8:1:2::"));
  CHECK(Address::parse("192.0.2.1")->limit_key().text() == "192.0.2.1");
}

}  // namespace
}  // namespace patchmill::http
