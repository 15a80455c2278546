#include "api/patchwork/api.hpp"

#include "api/patchwork/answer_cache.hpp"
#include "api/patchwork/call.hpp"
#include "api/patchwork/front.hpp"
#include "http/headers.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <array>

namespace patchmill::api::patchwork {
namespace {

// Room for a bundle of 1000 patches and the longest description of a check, and no more: what a
// body costs to read stays near what the answer costs.
constexpr std::uint64_t k_largest_json = 64u << 10;
constexpr std::size_t k_kept_bytes = 4U << 20U;  // of answers

bool accepts_json(std::string_view accept) {
  static constexpr std::array<std::string_view, 5> fitting = {
      "*/*", "application/*", "application/json", "text/html", "text/*"};
  const auto wanted = http::parse_weighted(accept);
  return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), [](const auto& one) {
           return one.weight > 0 &&
                  std::any_of(fitting.begin(), fitting.end(),
                              [&](std::string_view type) { return iequals(type, one.value); });
         });
}

// What a client may ask and send, for OPTIONS.
http::Response describe() {
  return http::Response::json(
      std::string(R"({"renders":["application/json"],"parses":["application/json",)"
                  R"("application/x-www-form-urlencoded","multipart/form-data"]})"));
}

bool needs_user(Kind kind) {
  return kind == Kind::users || kind == Kind::user || kind == Kind::people || kind == Kind::person;
}

http::Response read(Call& call) {
  if (needs_user(call.place.kind) && !call.request.identity) {
    return problem(403, k_no_credentials);
  }
  switch (call.place.kind) {
    case Kind::projects:
    case Kind::series_list:
    case Kind::patches:
    case Kind::patch_comments:
    case Kind::checks:
    case Kind::covers:
    case Kind::cover_comments:
    case Kind::events:
    case Kind::bundles:
    case Kind::users:
    case Kind::people:
      return answer_list(call);
    default:
      return answer_detail(call);
  }
}

// The same for everybody, and made of nothing but the store and the address.
bool keeps(Kind kind) {
  return kind == Kind::projects || kind == Kind::series_list || kind == Kind::patches ||
         kind == Kind::covers || kind == Kind::events || kind == Kind::checks ||
         kind == Kind::patch_comments || kind == Kind::cover_comments;
}

http::Response write(Call& call) {
  switch (call.place.kind) {
    case Kind::checks:
      return add_check(call);
    case Kind::patch:
      return change_patch(call);
    case Kind::patch_comment:
    case Kind::cover_comment:
      return change_comment(call);
    case Kind::bundles:
      return add_bundle(call);
    case Kind::bundle:
      return call.request.method == "DELETE" ? remove_bundle(call) : change_bundle(call);
    case Kind::project:
      return change_project(call);
    default:
      break;
  }
  if (!call.request.identity) {
    return problem(403, k_no_credentials);
  }
  return problem(403, "Users are kept by who operates this instance, not by this API.");
}

http::Response answer(const Options& options, AnswerCache& cache, const http::Request& request,
                      const Place& place) {
  const bool reading = request.method == "GET" || request.method == "HEAD";
  if (auto refused = refuse_reading(options, request)) {
    return std::move(*refused);
  }
  if (!accepts_json(request.header("Accept"))) {
    return problem(406, "Could not satisfy the request Accept header.");
  }
  if (const auto format = request.query.get("format");
      format && *format != "json" && *format != "api" && !format->empty()) {
    return problem(404, k_not_found);
  }
  if (!allows(place, request.method)) {
    return problem(405, "Method \"" + request.method + "\" not allowed.");
  }
  if (request.method == "OPTIONS") {
    return describe();
  }
  return guarded(request, [&] {
    const auto registry = options.open();
    const std::string base = base_of(options, request);
    Call call{request,
              place,
              *registry,
              user_of(request, *registry),
              base + canonical_path(request),
              Render(*registry, place.version, base)};
    if (!reading) {
      return write(call);
    }
    return keeps(place.kind)
               ? cache.get(base + request.target, registry->stamp(), [&call] { return read(call); })
               : read(call);
  });
}

http::Response handle(const Options& options, AnswerCache& cache, const http::Request& request) {
  const auto& segments = request.decoded_path.segments;
  const auto place = find_place(std::span(segments).subspan(1));
  if (!place) {
    return no_such_page();
  }
  if (!request.decoded_path.trailing_slash) {
    return http::Response::redirect(folder_of(options) + with_slash(request), 301);
  }
  auto response = answer(options, cache, request, *place);
  response.headers.set("Allow",
                       response.status == 405 ? allowed(*place) : allow_header(place->kind));
  response.headers.set("Vary", "Accept, Authorization");
  return response;
}

}  // namespace

std::optional<http::Response> refuse_write(const Call& call, std::string_view scope) {
  const auto& identity = call.request.identity;
  if (!identity) {
    return problem(403, k_no_credentials);
  }
  if (!identity->allows(scope)) {
    return problem(403, "This token lacks the scope '" + std::string(scope) + "'.");
  }
  if (!call.who) {
    return problem(403, "The owner of this token, '" + identity->name +
                            "', is no user here; who operates this instance can add one.");
  }
  return std::nullopt;
}

http::Response rendered(Call& call, int status) {
  auto response = http::Response::json(std::move(call.render.out), status);
  response.gzip_level = 3;  // smaller would cost more than all the rest
  return response;
}

http::Response not_found() {
  return problem(404, k_not_found);
}

void add_routes(http::Router& router, Options options) {
  const auto shared = std::make_shared<const Options>(std::move(options));
  const auto cache = std::make_shared<AnswerCache>(k_kept_bytes);
  for (const auto* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    http::Route route;
    route.method = method;
    route.pattern = "/api/{rest...}";
    route.guards = {shared->authenticator->optional(refuse_credentials)};
    route.max_body = k_largest_json;
    route.handler = [shared, cache](http::Request& request) {
      return handle(*shared, *cache, request);
    };
    router.add(std::move(route));
  }
  add_downloads(router, shared);
}

}  // namespace patchmill::api::patchwork
