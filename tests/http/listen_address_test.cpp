#include "http/listen_address.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace patchmill;
using http::ListenAddress;
using Kind = ListenAddress::Kind;

TEST_CASE("http::ListenAddress::parse: every form") {
  const struct {
    const char* text;
    const char* host;
    int port;
  } cases[] = {{"127.0.0.1:8080", "127.0.0.1", 8080},
               {"[::1]:0", "::1", 0},
               {"[::]:65535", "::", 65535},
               {"localhost:80", "localhost", 80},
               {"ci-1.example.org:80", "ci-1.example.org", 80},
               {"*:80", "", 80},
               {":80", "", 80},
               {"[fe80::1%eth0]:80", "fe80::1%eth0", 80}};
  for (const auto& one : cases) {
    CAPTURE(one.text);
    const auto address = ListenAddress::parse(one.text);
    REQUIRE(address.has_value());
    CHECK(address->kind == Kind::tcp);
    CHECK(address->host == one.host);
    CHECK(address->port == one.port);
  }
  const auto path = ListenAddress::parse("unix:/run/x");
  REQUIRE(path.has_value());
  CHECK(path->kind == Kind::unix_socket);
  CHECK(path->path == "/run/x");
  const auto passed = ListenAddress::parse("fd:3");
  REQUIRE(passed.has_value());
  CHECK(passed->kind == Kind::descriptor);
  CHECK(passed->descriptor == 3);
}

TEST_CASE("http::ListenAddress::parse: what is none") {
  for (const std::string text : {"",
                                 "8080",
                                 "127.0.0.1",
                                 "localhost",
                                 "127.0.0.1:",
                                 "127.0.0.1:99999",
                                 "127.0.0.1:-1",
                                 "localhost:http",
                                 "[::1:80",
                                 "[::1]",
                                 "[::1]80",
                                 "[]:80",
                                 "[1.2.3.4]:80",
                                 "[::g]:80",
                                 "[::1%]:80",
                                 "::1:80",
                                 "::1]:80",
                                 "foo bar:80",
                                 "foo/bar:80",
                                 "999.1.1.1:80",
                                 "1.2.3.4.5:80",
                                 "**:80",
                                 "unix:",
                                 "fd:",
                                 "fd:x",
                                 "fd:70000",
                                 "http://localhost:80"}) {
    CAPTURE(text);
    const auto address = ListenAddress::parse(text);
    REQUIRE_FALSE(address.has_value());
    CHECK(address.error().kind == ErrorKind::invalid);
    CHECK(address.error().message.find("'" + text + "' is no address to listen on") == 0);
    CHECK(address.error().message.find("write HOST:PORT") != std::string::npos);
  }
  CHECK_FALSE(ListenAddress::parse("unix:/" + std::string(107, 'x')).has_value());
  CHECK(ListenAddress::parse("unix:/" + std::string(106, 'x')).has_value());
}

TEST_CASE("http::ListenAddress::overlaps: the same place, however it is written") {
  const auto overlap = [](const char* a, const char* b) {
    const bool there = ListenAddress::parse(a).value().overlaps(ListenAddress::parse(b).value());
    CHECK(there == ListenAddress::parse(b).value().overlaps(ListenAddress::parse(a).value()));
    return there;
  };
  CHECK(overlap("127.0.0.1:80", "127.0.0.1:80"));
  CHECK(overlap("[::1]:80", "[0:0::1]:80"));
  CHECK(overlap("Localhost:80", "localhost:80"));
  CHECK(overlap("*:80", "127.0.0.1:80"));
  CHECK(overlap("0.0.0.0:80", "127.0.0.1:80"));
  CHECK(overlap("[::]:80", "127.0.0.1:80"));
  CHECK(overlap("[::]:80", "0.0.0.0:80"));
  CHECK(overlap("[::]:80", "[::1]:80"));
  CHECK(overlap("unix:/x", "unix:/x"));
  CHECK(overlap("fd:3", "fd:3"));
  CHECK_FALSE(overlap("127.0.0.1:80", "127.0.0.1:81"));
  CHECK_FALSE(overlap("127.0.0.1:80", "127.0.0.2:80"));
  CHECK_FALSE(overlap("127.0.0.1:0", "127.0.0.1:0"));
  CHECK_FALSE(overlap("0.0.0.0:80", "[::1]:80"));
  CHECK_FALSE(overlap("0.0.0.0:80", "localhost:80"));
  CHECK_FALSE(overlap("unix:/x", "unix:/y"));
  CHECK_FALSE(overlap("fd:3", "127.0.0.1:3"));
}
