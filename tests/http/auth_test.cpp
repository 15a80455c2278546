#include "http/auth.hpp"

#include "support.hpp"

#include <set>

namespace patchmill::http {
namespace {

using namespace test;

TEST_CASE("encode_base64: RFC 4648 section 10, and back") {
  CHECK(encode_base64("").empty());
  CHECK(encode_base64("f") == "Zg==");
  CHECK(encode_base64("fo") == "Zm8=");
  CHECK(encode_base64("foo") == "Zm9v");
  CHECK(encode_base64("foob") == "Zm9vYg==");
  const std::string bytes("\xff\x00\x80\xfe:", 5);
  CHECK(decode_base64(encode_base64(bytes)) == bytes);
}

TEST_CASE("make_token_secret: prefix, length, alphabet, never the same") {
  std::set<std::string> seen;
  std::set<char> letters;
  for (int i = 0; i < 500; ++i) {
    const std::string secret = make_token_secret();
    CHECK(secret.size() == 46);
    CHECK(secret.starts_with("pm_"));
    CHECK(std::all_of(secret.begin() + 3, secret.end(),
                      [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }));
    letters.insert(secret.begin() + 3, secret.end());
    seen.insert(secret);
  }
  CHECK(seen.size() == 500);
  CHECK(letters.size() == 62);
}

TEST_CASE("equal_constant_time") {
  CHECK(equal_constant_time("abc", "abc"));
  CHECK_FALSE(equal_constant_time("abc", "abd"));
  CHECK_FALSE(equal_constant_time("abc", "ab"));
  CHECK(equal_constant_time("", ""));
}

TEST_CASE("decode_base64: strict") {
  CHECK(decode_base64("dXNlcjpwYXNz") == "user:pass");
  CHECK(decode_base64("YQ==") == "a");
  CHECK(decode_base64("YWI=") == "ab");
  CHECK(decode_base64("") == "");
  for (const auto* bad : {"YQ", "YQ=", "Y===", "YR==", "YQ==YQ==", "Y Q=", "!!!!"}) {
    CAPTURE(bad);
    CHECK_FALSE(decode_base64(bad).has_value());
  }
}

struct Fixture {
  ManualClock clock{Timestamp(std::chrono::hours(24 * 365 * 50))};
  MemoryTokenStore store;
  CreatedToken token;
  Fixture() {
    TokenOrder order{"ci", "alice", {"series:read"}, clock.now() + std::chrono::hours(1)};
    token = *create_token(store, clock, order);
  }
  static Request request(const std::string& authorization) {
    Request r;
    r.remote = *Address::parse("192.0.2.1");
    if (!authorization.empty()) {
      r.headers.add("Authorization", authorization);
    }
    return r;
  }
};

int status(std::optional<Response> response) {
  return response ? response->status : 200;
}

TEST_CASE("create_token: only the hash is kept") {
  Fixture f;
  const auto all = f.store.list();
  REQUIRE(all->size() == 1);
  const TokenRecord& record = all->front();
  CHECK(record.hash == hash_token(f.token.secret));
  CHECK(record.hash.find(f.token.secret.substr(3)) == std::string::npos);
  CHECK(record.id.size() == 12);
  CHECK(f.store.add(record).error().kind == ErrorKind::conflict);
  CHECK(f.store.revoke("none", f.clock.now()).error().kind == ErrorKind::not_found);
}

TEST_CASE("Authenticator: another dialect refuses in its own words, or not at all") {
  Fixture f;
  Authenticator authenticator(f.store, f.clock);
  std::vector<AuthFault> faults;
  const AuthRefusal refuse = [&](const Request&, AuthFault fault) -> std::optional<Response> {
    faults.push_back(fault);
    return fault == AuthFault::wrong ? std::optional(Response::error(403, "Invalid token."))
                                     : std::nullopt;
  };
  auto wrong = Fixture::request("Token pm_wrong");
  CHECK(status(authenticator.authenticate(wrong, refuse)) == 403);
  auto unknown = Fixture::request("Negotiate abc");
  CHECK(status(authenticator.optional(refuse)(unknown)) == 200);
  CHECK_FALSE(unknown.identity.has_value());
  auto right = Fixture::request("Token " + f.token.secret);
  CHECK(status(authenticator.authenticate(right, refuse)) == 200);
  REQUIRE(right.identity.has_value());
  CHECK(faults == std::vector{AuthFault::wrong, AuthFault::malformed});
  CHECK(status(authenticator.authenticate(wrong)) == 401);
}

TEST_CASE("Authenticator: the three schemes") {
  Fixture f;
  Authenticator auth(f.store, f.clock);
  const auto guard = auth.require("series:read");
  // base64 by hand, so that the test does not rely on code of ours
  const auto basic = [](const std::string& text) {
    static const std::string alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += 3) {
      unsigned bits = 0;
      for (std::size_t k = 0; k < 3; ++k) {
        bits = bits << 8 | (i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u);
      }
      for (std::size_t k = 0; k < 4; ++k) {
        out += i + k > text.size() ? '=' : alphabet[bits >> (18 - 6 * k) & 63];
      }
    }
    return "Basic " + out;
  };
  for (const std::string& header :
       {"Token " + f.token.secret, "bearer   " + f.token.secret, basic("alice:" + f.token.secret),
        basic(":" + f.token.secret), basic(f.token.record.id + ":" + f.token.secret)}) {
    CAPTURE(header);
    Request r = Fixture::request(header);
    CHECK(status(guard(r)) == 200);
    REQUIRE(r.identity.has_value());
    CHECK(r.identity->name == "alice");
    CHECK(r.identity->token_id == f.token.record.id);
  }
  Request other = Fixture::request(basic("bob:" + f.token.secret));
  CHECK(status(guard(other)) == 401);
}

TEST_CASE("Authenticator: without, wrong, expired, revoked, out of scope") {
  Fixture f;
  AuthOptions options;
  options.failures.free = 100;
  Authenticator auth(f.store, f.clock, options);
  const auto ask = [&](const std::string& header, const std::string& scope) {
    Request r = Fixture::request(header);
    return status(auth.require(scope)(r));
  };
  const std::string good = "Token " + f.token.secret;
  CHECK(ask("", "series:read") == 401);
  CHECK(ask(good, "series:write") == 403);
  CHECK(ask("Token pm_0000000000000000000000000000000000000000000", "series:read") == 401);
  CHECK(ask("Token " + f.token.record.hash, "series:read") == 401);
  CHECK(ask("Digest x=y", "series:read") == 401);
  CHECK(ask("Token", "series:read") == 401);
  CHECK(ask("Basic %%%%", "series:read") == 401);
  CHECK(ask("Basic bm9jb2xvbg==", "series:read") == 401);
  Request anonymous = Fixture::request("");
  CHECK(status(auth.optional()(anonymous)) == 200);
  CHECK_FALSE(anonymous.identity.has_value());
  f.clock.advance(std::chrono::minutes(59));
  CHECK(ask(good, "series:read") == 200);
  f.clock.advance(std::chrono::minutes(2));
  CHECK(ask(good, "series:read") == 401);

  const auto second = create_token(f.store, f.clock, {"x", "bob", {"*"}, {}});
  CHECK(ask("Token " + second->secret, "anything") == 200);
  REQUIRE(f.store.revoke(second->record.id, f.clock.now()));
  CHECK(ask("Token " + second->secret, "anything") == 401);
}

TEST_CASE("Authenticator: the last use is noted once a minute") {
  Fixture f;
  Authenticator auth(f.store, f.clock);
  const auto use = [&] {
    Request r = Fixture::request("Token " + f.token.secret);
    REQUIRE(status(auth.authenticate(r)) == 200);
    return f.store.list()->front().last_used;
  };
  const auto first = f.clock.now();
  CHECK(use() == first);
  f.clock.advance(std::chrono::seconds(30));
  CHECK(use() == first);
  f.clock.advance(std::chrono::seconds(30));
  CHECK(use() == f.clock.now());
}

TEST_CASE("Authenticator: failing slows an address down, but for what was right from there") {
  Fixture f;
  AuthOptions options;
  options.failures.free = 3;
  Authenticator auth(f.store, f.clock, options);
  const auto ask = [&](const std::string& secret, const char* address) {
    Request r = Fixture::request("Token " + secret);
    r.remote = *Address::parse(address);
    return status(auth.authenticate(r));
  };
  for (int i = 0; i < 4; ++i) {
    CHECK(ask("pm_wrong", "192.0.2.1") == 401);
  }
  CHECK(ask("pm_wrong", "192.0.2.1") == 429);
  CHECK(ask(f.token.secret, "192.0.2.1") == 429);
  CHECK(ask(f.token.secret, "192.0.2.2") == 200);

  // Guesses between the uses of a right token count as well.
  for (int i = 0; i < 4; ++i) {
    CHECK(ask(f.token.secret, "192.0.2.2") == 200);
    CHECK(ask("pm_wrong", "192.0.2.2") == 401);
  }
  CHECK(ask("pm_wrong", "192.0.2.2") == 429);
  const auto other = create_token(f.store, f.clock, {"x", "bob", {"*"}, {}});
  CHECK(ask(other->secret, "192.0.2.2") == 429);  // nobody learns that it would be right
  CHECK(ask(f.token.secret, "192.0.2.2") == 200);
  CHECK(ask("pm_wrong", "192.0.2.2") == 429);
  REQUIRE(f.store.revoke(f.token.record.id, f.clock.now()));
  CHECK(ask(f.token.secret, "192.0.2.2") == 401);
  CHECK(ask(f.token.secret, "192.0.2.2") == 429);
}

TEST_CASE("Authenticator: a token has a rate of its own") {
  Fixture f;
  AuthOptions options;
  options.token_rate = RateLimiter::Rule{0.001, 2, 100};
  Authenticator auth(f.store, f.clock, options);
  Request r = Fixture::request("Token " + f.token.secret);
  CHECK(status(auth.authenticate(r)) == 200);
  CHECK(status(auth.authenticate(r)) == 200);
  const auto refused = auth.authenticate(r);
  REQUIRE(refused.has_value());
  CHECK(refused->status == 429);
  CHECK(refused->headers.has("Retry-After"));
}

TEST_CASE("Server: a valid token has a limit of its own, everything else is its address's") {
  Fixture f;
  const auto other = create_token(f.store, f.clock, {"ci", "bob", {"series:read"}, {}});
  AuthOptions options;
  options.token_rate = RateLimiter::Rule{0.001, 3, 100};
  options.failures.free = 100;
  Authenticator auth(f.store, f.clock, options);
  auto router = std::make_shared<Router>();
  const auto page = [](Request& r) { return Response::text(r.identity ? r.identity->name : "-"); };
  router->add(Route{"GET", "/private", page, {}, {auth.require("series:read")}});
  router->add(Route{"GET", "/public", page, {}, {auth.recognize()}});
  router->add(Route{"GET", "/open", page, {}, {}});
  TestServer t(router, [&](ServerConfig& config) { config.address_rate = options.token_rate; });
  RawClient client(t.port());
  const auto ask = [&](const std::string& path, const std::string& secret) {
    return client.ask("GET " + path + " HTTP/1.1\r\nHost: t\r\n" +
                      (secret.empty() ? "" : "Authorization: Token " + secret + "\r\n") + "\r\n");
  };
  const std::string wrong = "pm_0000000000000000000000000000000000000000000";
  SUBCASE("two tokens behind one address") {
    for (int i = 0; i < 3; ++i) {
      CHECK(ask(i == 0 ? "/public" : "/private", f.token.secret).body == "alice");
    }
    CHECK(ask("/private", f.token.secret).status == 429);
    CHECK(ask("/public", f.token.secret).status == 429);
    CHECK(ask("/private", other->secret).body == "bob");
    for (int i = 0; i < 3; ++i) {  // the address was not charged for them
      CHECK(ask("/public", "").body == "-");
    }
    CHECK(ask("/public", "").status == 429);
    CHECK(ask("/public", other->secret).body == "bob");
  }
  SUBCASE("wrong tokens") {
    CHECK(ask("/private", wrong).status == 401);
    CHECK(ask("/private", wrong).status == 401);
    CHECK(ask("/public", wrong).body == "-");
    CHECK(ask("/private", wrong).status == 429);
    CHECK(ask("/public", wrong).status == 429);
    CHECK(ask("/public", "").status == 429);
    CHECK(ask("/private", f.token.secret).status == 200);
  }
  SUBCASE("where nobody looks at tokens") {
    CHECK(ask("/open", f.token.secret).status == 200);
    CHECK(ask("/nothing", f.token.secret).status == 404);
    CHECK(ask("/nothing", wrong).status == 404);
    CHECK(ask("/open", f.token.secret).status == 429);
    CHECK(ask("/nothing", wrong).status == 429);
  }
}

TEST_CASE("Authenticator: a store that fails is 503, not an open door") {
  struct Broken final : TokenStore {
    tl::unexpected<Error> gone() { return fail(ErrorKind::infrastructure, "disk gone"); }
    Result<void> add(const TokenRecord&) override { return gone(); }
    Result<std::optional<TokenRecord>> find_by_hash(std::string_view) override { return gone(); }
    Result<std::vector<TokenRecord>> list() override { return gone(); }
    Result<void> revoke(std::string_view, Timestamp) override { return gone(); }
    Result<void> touch(std::string_view, Timestamp) override { return gone(); }
  } broken;
  Fixture f;
  Authenticator auth(broken, f.clock);
  Request r = Fixture::request("Token " + f.token.secret);
  const auto refused = auth.require("x")(r);
  REQUIRE(refused.has_value());
  CHECK(refused->status == 503);
  CHECK(refused->error_detail.find("disk") == std::string::npos);
}

TEST_CASE("Server: a guard refuses before the body is sent") {
  Fixture f;
  Authenticator auth(f.store, f.clock);
  auto router = std::make_shared<Router>();
  Route route{
      "POST", "/in", [](Request& r) { return Response::text(r.identity->name + r.body); }, {}};
  route.guards = {auth.require("series:read")};
  router->add(route);
  TestServer t(router);
  RawClient stranger(t.port());
  const Answer refused = stranger.ask(
      "POST /in HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n");
  CHECK(refused.status == 401);
  CHECK(refused.header("WWW-Authenticate") == "Bearer realm=\"patchmill\"");
  CHECK(refused.body.find("Authorization: Token") != std::string::npos);
  RawClient known(t.port());
  CHECK(known
            .ask("POST /in HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\nAuthorization: Token " +
                 f.token.secret + "\r\n\r\nhi")
            .body == "alicehi");
}

}  // namespace
}  // namespace patchmill::http
