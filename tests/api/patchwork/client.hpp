#pragma once
// Asks the routes as the server would, without sockets.

#include "api/patchwork/api.hpp"
#include "api/xmlrpc/api.hpp"
#include "fake_registry.hpp"
#include "http/auth.hpp"
#include "http/prepare.hpp"
#include "http/router.hpp"
#include "util/clock.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace patchmill::api::patchwork::test {

struct Answer {
  int status = 0;
  http::Headers headers;
  std::string body;
  [[nodiscard]] std::string header(std::string_view name) const {
    return std::string(headers.get(name).value_or(""));
  }
  [[nodiscard]] boost::json::value json() const {
    INFO(body);
    REQUIRE(header("Content-Type") == "application/json");
    return boost::json::parse(body);
  }
};

struct Ask {
  std::string method = "GET";
  std::string target;
  std::string authorization = {};
  std::string content_type = {};
  std::string body = {};
  std::string accept = {};
  http::Headers more = {};
};

// The API over a registry, with tokens of the users "maint" and "dev".
class Client {
 public:
  explicit Client(Data& data, bool is_private = false, std::string public_url = {})
      : Client([&data] { return std::make_unique<FakeRegistry>(data); }, is_private,
               std::move(public_url)) {}
  explicit Client(OpenRegistry open, bool is_private = false, std::string public_url = {})
      : m_authenticator(m_tokens, m_clock) {
    Options options;
    options.open = std::move(open);
    options.authenticator = &m_authenticator;
    options.is_private = is_private;
    options.public_url = std::move(public_url);
    add_routes(m_router, options);
    xmlrpc::add_routes(m_router, std::move(options));
    maintainer = token("maint", {"write:checks", "write:patches", "read"});
    developer = token("dev", {"write:checks", "write:patches", "read"});
  }

  std::string token(std::string owner, std::vector<std::string> scopes) {
    return "Token " +
           create_token(m_tokens, m_clock, {"test", std::move(owner), std::move(scopes), {}})
               ->secret;
  }

  Answer ask(const Ask& ask) {
    http::Request request;
    request.method = ask.method;
    request.target = ask.target;
    request.host = "testserver";
    request.remote = *http::Address::parse("192.0.2.1");
    request.headers = ask.more;
    const auto header = [&](std::string_view name, const std::string& value) {
      if (!value.empty()) {
        request.headers.add(name, value);
      }
    };
    header("Authorization", ask.authorization);
    header("Content-Type", ask.content_type);
    header("Accept", ask.accept);
    request.body = ask.body;
    const auto target = http::split_target(request.target);
    REQUIRE(target.has_value());
    request.path = target->path;
    auto path = http::parse_path(target->path);
    auto query = http::parse_query(target->query);
    REQUIRE(path.has_value());
    REQUIRE(query.has_value());
    request.decoded_path = std::move(*path);
    request.query = std::move(*query);
    const auto match = m_router.match(request.method, request.decoded_path);
    if (match.route == nullptr) {
      return {match.add_slash ? 301 : 404, {}, {}};
    }
    request.params = match.params;
    std::optional<http::Response> response;
    for (const auto& guard : match.route->guards) {
      if (!response) {
        response = guard(request);
      }
    }
    if (!response) {
      response = match.route->handler(request);
    }
    const auto prepared = prepare(request, std::move(*response), {});
    const auto* text = std::get_if<std::string>(&prepared.response.body);
    const auto* shared = std::get_if<http::SharedBytes>(&prepared.response.body);  // of a list kept
    REQUIRE((text != nullptr || shared != nullptr));
    const std::string body(text != nullptr ? *text : shared->bytes);
    return {prepared.response.status, prepared.response.headers,
            prepared.send_body ? body : std::string()};
  }
  Answer get(std::string target) { return ask({.target = std::move(target)}); }
  Answer send(std::string method, std::string target, std::string body, std::string authorization,
              std::string type = "application/json") {
    return ask({std::move(method), std::move(target), std::move(authorization), std::move(type),
                std::move(body)});
  }

  std::string maintainer, developer;

 private:
  ManualClock m_clock{Timestamp(std::chrono::hours(24 * 365 * 50))};
  http::MemoryTokenStore m_tokens;
  http::Authenticator m_authenticator;
  http::Router m_router;
};

}  // namespace patchmill::api::patchwork::test
