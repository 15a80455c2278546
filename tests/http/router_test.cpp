#include "http/router.hpp"

#include <doctest/doctest.h>

namespace patchmill::http {
namespace {

Response nothing(Request&) {
  return {};
}

std::string found(const Router& router, std::string_view path, std::string_view method = "GET") {
  const auto parsed = parse_path(path);
  REQUIRE(parsed.has_value());
  const auto match = router.match(method, *parsed);
  if (!match.route) {
    return match.add_slash ? "+/" : match.drop_slash ? "-/" : match.allow;
  }
  std::string text = match.route->pattern;
  for (const auto& [name, value] : match.params) {
    text += " " + name + "=" + value;
  }
  return text;
}

TEST_CASE("Router::match: literals before numbers before names before the rest") {
  Router router;
  for (const auto* pattern : {"/", "/a", "/a/{n:uint}", "/a/{x}", "/a/{rest...}", "/a/b",
                              "/{x}/{y}/c", "/files/{path...}"}) {
    router.get(pattern, nothing);
  }
  CHECK(found(router, "/") == "/");
  CHECK(found(router, "/a") == "/a");
  CHECK(found(router, "/a/b") == "/a/b");
  CHECK(found(router, "/a/12") == "/a/{n:uint} n=12");
  CHECK(found(router, "/a/99999999999999999999") == "/a/{x} x=99999999999999999999");
  CHECK(found(router, "/a/z") == "/a/{x} x=z");
  CHECK(found(router, "/q/z/c") == "/{x}/{y}/c x=q y=z");
  CHECK(found(router, "/a/z/d") == "/a/{rest...} rest=z/d");
  CHECK(found(router, "/a/z/d/") == "/a/{rest...} rest=z/d/");
  CHECK(found(router, "/files/") == "/files/{path...} path=");
  CHECK(found(router, "/files/a%2fb") == "");
  CHECK(found(router, "/a//") == "");
  CHECK(found(router, "/p") == "");
}

TEST_CASE("Router::match: a coded slash stays in its segment, as message ids need") {
  Router router;
  router.get("/m/{id}/", nothing);
  CHECK(found(router, "/m/a%2Fb%40c/") == "/m/{id}/ id=a/b@c");
}

TEST_CASE("Router::match: slashes at the end by policy") {
  Router router;
  router.get("/redirect/", nothing);
  router.get("/bare", nothing);
  router.add({"GET", "/either/", nothing, {}, {}, 1, Slash::either});
  router.add({"GET", "/strict/", nothing, {}, {}, 1, Slash::strict});
  router.post("/redirect/", nothing);
  CHECK(found(router, "/redirect") == "+/");
  CHECK(found(router, "/redirect", "HEAD") == "+/");
  CHECK(found(router, "/redirect", "POST") == "");
  CHECK(found(router, "/bare/") == "-/");
  CHECK(found(router, "/either") == "/either/");
  CHECK(found(router, "/strict") == "");
}

TEST_CASE("Router::match: other methods are listed") {
  Router router;
  router.get("/a", nothing);
  router.post("/a", nothing);
  router.add({"DELETE", "/{x}", nothing, {}});
  CHECK(found(router, "/a", "HEAD") == "/a");
  CHECK(found(router, "/a", "PUT") == "DELETE, GET, HEAD, OPTIONS, POST");
  CHECK(found(router, "/a", "DELETE") == "/{x} x=a");
  CHECK(found(router, "/b", "GET") == "DELETE, OPTIONS");
}

TEST_CASE("Router::add: wrong or taken patterns are refused") {
  Router router;
  router.get("/a/{x}", nothing);
  for (const auto* pattern : {"", "a", "/a//b", "/{", "/{}", "/{a b}", "/x{y}", "/{p...}/more",
                              "/{a}/{a}", "/a/{other}"}) {
    CAPTURE(pattern);
    CHECK_THROWS_AS(router.get(pattern, nothing), std::logic_error);
  }
  CHECK_THROWS_AS(router.add({"GET", "/none", {}, {}}), std::logic_error);
  CHECK_THROWS_AS(router.add({"G T", "/none", nothing, {}}), std::logic_error);
}

}  // namespace
}  // namespace patchmill::http
