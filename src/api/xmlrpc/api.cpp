#include "api/xmlrpc/api.hpp"

#include "api/patchwork/front.hpp"
#include "api/scopes.hpp"
#include "api/xmlrpc/methods.hpp"
#include "api/xmlrpc/read_call.hpp"
#include "api/xmlrpc/write_answer.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace patchmill::api::xmlrpc {
namespace {

constexpr std::uint64_t k_largest_call = 128u << 10;

http::Response as_xml(std::string body) {
  http::Response response;
  response.headers.add("Content-Type", "text/xml; charset=utf-8");
  response.headers.add("Vary", "Authorization");
  response.body = std::move(body);
  response.gzip_level = 3;
  return response;
}

// Patchwork's words; what it would take for no credentials at all is so here, too.
std::optional<http::Response> refuse_credentials(const http::Request& request,
                                                 http::AuthFault fault) {
  if (fault == http::AuthFault::wrong) {
    return as_xml(xmlrpc::fault("Invalid username/password"));
  }
  const std::string_view header = trim(request.header("Authorization"));
  return as_xml(xmlrpc::fault(iequals(header.substr(0, header.find(' ')), "Basic")
                                  ? "Invalid authentication credentials"
                                  : "Authentication scheme not supported"));
}

Result<Value> run(const patchwork::Options& options, const http::Request& request,
                  const Call& call) {
  const auto all = methods();
  const auto method = std::find_if(all.begin(), all.end(),
                                   [&](const Method& one) { return one.name == call.method; });
  if (method == all.end()) {
    return fail(ErrorKind::not_found,
                fmt::format("method \"{}\" is not supported", ellipsize(call.method, 80)));
  }
  if (call.params.size() < method->least || call.params.size() > method->most) {
    return fail(ErrorKind::invalid,
                fmt::format("{} takes ({}), and got {}", method->name, method->params,
                            count_of(call.params.size(), "argument")));
  }
  const auto registry = options.open();
  Visit visit{*registry, request.identity, patchwork::base_of(options, request), call.params};
  return method->call(visit);
}

http::Response serve(const patchwork::Options& options, const http::Request& request) {
  // No form of another site can send it, whatever credentials a browser would add.
  if (request.content_type() != "text/xml" && request.content_type() != "application/xml") {
    return http::Response::error(415, "A call of XML-RPC has the Content-Type text/xml.");
  }
  if (options.is_private && !(request.identity && request.identity->allows(scope::read))) {
    return as_xml(fault(request.identity ? "This token lacks the scope 'read'."
                                         : "No authentication credentials given"));
  }
  const auto call = read_call(request.body);
  if (!call) {
    return as_xml(fault(call.error().message));
  }
  return patchwork::guarded(request, [&] {
    const auto result = run(options, request, *call);
    return as_xml(result ? answer(*result) : fault(result.error().message));
  });
}

http::Response describe_methods() {
  std::string text =
      "Patchwork's XML-RPC interface. Send calls to this address with POST; writing needs Basic\n"
      "authentication with a token as the password. The REST API (/api/) can do more.\n\n";
  for (const Method& method : methods()) {
    text += fmt::format("{}({})\n    {}\n", method.name, method.params, method.says);
  }
  return http::Response::text(std::move(text));
}

}  // namespace

void add_routes(http::Router& router, patchwork::Options options) {
  const auto shared = std::make_shared<const patchwork::Options>(std::move(options));
  http::Route route;
  route.method = "POST";
  route.pattern = "/xmlrpc/";
  route.guards = {shared->authenticator->optional(refuse_credentials)};
  route.handler = [shared](http::Request& request) { return serve(*shared, request); };
  route.max_body = k_largest_call;
  route.slash = http::Slash::either;  // a client of XML-RPC follows no redirect
  router.add(std::move(route));
  router.get("/xmlrpc/", [](http::Request&) { return describe_methods(); });
}

}  // namespace patchmill::api::xmlrpc
