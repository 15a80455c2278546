#include "http/body.hpp"

#include "http/csrf.hpp"

#include <doctest/doctest.h>

namespace patchmill::http {
namespace {

Request with(std::string type, std::string body) {
  Request r;
  r.headers.add("Content-Type", type);
  r.body = std::move(body);
  return r;
}

TEST_CASE("json_body: JSON, and what is not") {
  CHECK(json_body(with("application/json; charset=utf-8", R"({"a": [1, 2]})"))
            ->at("a")
            .as_array()
            .size() == 2);
  CHECK(json_body(with("application/merge-patch+json", "1")).has_value());
  const auto error = [](const Request& r) { return json_body(r).error().message; };
  CHECK(error(with("text/plain", "1")).find("not text/plain") != std::string::npos);
  CHECK(error(with("application/json", "")).find("empty") != std::string::npos);
  CHECK(error(with("application/json", R"({"a": tru})")).ends_with("byte 6: syntax error"));
  CHECK_FALSE(json_body(with("application/json", "1 2")).has_value());
  CHECK_FALSE(json_body(with("application/json", "[1")).has_value());
  CHECK_FALSE(json_body(with("application/json", "\"\xff\"")).has_value());
  CHECK_FALSE(
      json_body(with("application/json", std::string(33, '[') + std::string(33, ']'))).has_value());
  CHECK(
      json_body(with("application/json", std::string(32, '[') + std::string(32, ']'))).has_value());
}

TEST_CASE("form_body: urlencoded") {
  const auto form = form_body(with("application/x-www-form-urlencoded", "a=1+2&b=%C3%A4&a=3"));
  REQUIRE(form.has_value());
  CHECK(form->fields.get("a") == "1 2");
  CHECK(form->fields.get("b") == "ä");
  CHECK_FALSE(form_body(with("application/json", "{}")).has_value());
}

TEST_CASE("form_body: multipart with fields and files") {
  const std::string body =
      "--XX\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nHello\r\n"
      "--XX\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n"
      "--XX\r\nContent-Disposition: form-data; name=f; filename=\"C:\\dir\\a\\\"b.txt\"\r\n"
      "Content-Type: text/plain\r\n\r\nline\r\n--X\r\n\r\n--XX--\r\nepilogue";
  const Request request = with("multipart/form-data; boundary=\"XX\"", body);
  const auto form = form_body(request);
  REQUIRE_MESSAGE(form.has_value(), form.error().message);
  CHECK(form->fields.get("title") == "Hello");
  CHECK(form->fields.get("empty") == "");
  REQUIRE(form->files.size() == 1);
  CHECK(form->files[0].field == "f");
  CHECK(form->files[0].file_name == "a\"b.txt");
  CHECK(form->files[0].content_type == "text/plain");
  CHECK(form->files[0].content == "line\r\n--X\r\n");
}

TEST_CASE("form_body: malformed multipart is refused") {
  const std::string good = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b--";
  const auto parse = [](const std::string& body, const std::string& boundary = "b") {
    return detail::parse_multipart(body, boundary).has_value();
  };
  CHECK(parse(good));
  CHECK(parse("--b--"));
  CHECK_FALSE(parse(good, ""));
  CHECK_FALSE(parse(good, std::string(71, 'b')));
  CHECK_FALSE(parse(good, "c"));
  CHECK_FALSE(parse(""));
  for (std::size_t cut = 1; cut < good.size(); ++cut) {
    CAPTURE(cut);
    CHECK_FALSE(parse(good.substr(0, cut)));
  }
  CHECK_FALSE(parse("--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--"));
  CHECK_FALSE(parse("--b\r\nX\r\n\r\n1\r\n--b--"));
  CHECK_FALSE(parse("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\xff\r\n--b--"));
  CHECK_FALSE(parse("--b\r\nA: " + std::string(9000, 'x') + "\r\n\r\n1\r\n--b--"));
  std::string many;
  for (int i = 0; i < 101; ++i) {
    many += "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n";
  }
  CHECK_FALSE(parse(many + "--b--"));
}

struct Csrf {
  ManualClock clock{Timestamp(std::chrono::hours(24 * 365 * 50))};
  CsrfProtection protection{std::string(32, 'k'), clock};
  Request page;
  CsrfProtection::Issued issued;
  Csrf() {
    page.host = "ci.example";
    issued = protection.issue(page);
  }
  Request post() const {
    Request r = with("application/x-www-form-urlencoded", "csrf_token=" + issued.value);
    r.method = "POST";
    r.host = "ci.example";
    r.headers.add("Cookie", "other=1; " + issued.cookie->name + "=" + issued.cookie->value);
    return r;
  }
  int status(Request r) const {
    return protection.protect([](Request&, const Form&) { return Response::empty(); })(r).status;
  }
};

TEST_CASE("CsrfProtection: a form of ours passes, others do not") {
  Csrf c;
  REQUIRE(c.issued.cookie.has_value());
  CHECK(format_cookie(*c.issued.cookie).find("; HttpOnly; SameSite=Strict") != std::string::npos);
  CHECK(c.status(c.post()) == 204);

  Request without = c.post();
  without.headers.remove("Cookie");
  CHECK(c.status(without) == 403);
  Request other_cookie = c.post();
  other_cookie.headers.set("Cookie", "pm_csrf=" + std::string(64, 'a'));
  CHECK(c.status(other_cookie) == 403);
  Request no_field = c.post();
  no_field.body = "x=1";
  CHECK(c.status(no_field) == 403);
  no_field.headers.add("X-CSRF-Token", c.issued.value);
  CHECK(c.status(no_field) == 204);
  Request forged = c.post();
  forged.body.back() = forged.body.back() == '0' ? '1' : '0';
  CHECK(c.status(forged) == 403);
  const CsrfProtection elsewhere(std::string(32, 'x'), c.clock);
  CHECK_FALSE(elsewhere.check(c.post(), c.issued.value).has_value());

  Request cross = c.post();
  cross.headers.add("Sec-Fetch-Site", "cross-site");
  CHECK(c.status(cross) == 403);
  Request origin = c.post();
  origin.headers.add("Origin", "http://ci.example");
  CHECK(c.status(origin) == 204);
  origin.headers.set("Origin", "https://evil.example");
  CHECK(c.status(origin) == 403);
  origin.headers.set("Origin", "null");
  CHECK(c.status(origin) == 403);

  c.clock.advance(std::chrono::hours(13));
  CHECK(c.status(c.post()) == 403);
  Request token = without;
  token.headers.add("Authorization", "Token pm_x");
  CHECK(c.status(token) == 204);
  Request basic = without;
  basic.headers.add("Authorization", "Basic eDp5");  // browsers add it by themselves
  CHECK(c.status(basic) == 403);
}

TEST_CASE("CsrfProtection::issue: one cookie for a browser, bound to the host with HTTPS") {
  Csrf c;
  Request again = c.post();
  CHECK_FALSE(c.protection.issue(again).cookie.has_value());
  Request secure;
  secure.https = true;
  const auto issued = c.protection.issue(secure);
  CHECK(issued.cookie->name == "__Host-pm_csrf");
  CHECK(format_cookie(*issued.cookie).find("; Secure") != std::string::npos);
  CHECK_THROWS_AS(CsrfProtection("short", c.clock), std::invalid_argument);
}

TEST_CASE("find_cookie, format_cookie") {
  Headers headers;
  headers.add("Cookie", "a=1; b=\"two\";c = 3; a=9");
  CHECK(find_cookie(headers, "a") == "1");
  CHECK(find_cookie(headers, "b") == "two");
  CHECK(find_cookie(headers, "c") == "3");
  CHECK_FALSE(find_cookie(headers, "d").has_value());
  Cookie cookie;
  cookie.name = "n";
  cookie.value = "v";
  cookie.max_age = std::chrono::seconds(5);
  CHECK(format_cookie(cookie) == "n=v; Path=/; Max-Age=5; Secure; HttpOnly; SameSite=Lax");
  cookie.value = "v; Domain=evil";
  CHECK_THROWS_AS(format_cookie(cookie), std::invalid_argument);
}

}  // namespace
}  // namespace patchmill::http
