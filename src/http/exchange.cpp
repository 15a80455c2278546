#include "http/exchange.hpp"

#include "util/log.hpp"
#include "util/text.hpp"

namespace patchmill::http {
namespace {

std::string redirect_target(const Request& request, bool slash) {
  // Coded anew: "/\example.org" would lead a browser to another host.
  std::string location;
  for (const std::string& segment : request.decoded_path.segments) {
    location += '/';
    location += percent_encode(segment);
  }
  if (slash || location.empty()) {
    location += '/';
  }
  if (request.target.size() > request.path.size()) {
    const auto question = request.target.find('?');
    if (question != std::string::npos) {
      location += request.target.substr(question);
    }
  }
  return location;
}

}  // namespace

std::optional<Response> Exchange::over_address_rate() {
  counted = true;
  if (!state.address_rate) {
    return std::nullopt;
  }
  const Address key = request.remote.limit_key();
  const std::string_view bytes(reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size());
  const auto wait = state.address_rate->take(bytes);
  return wait ? std::optional(
                    Response::retry_later(429, "too many requests from this address", *wait))
              : std::nullopt;
}

std::optional<Response> Exchange::understand(RequestHead head, const Address& remote, bool tls) {
  auto refused = find_route(std::move(head), remote, tls);
  // Who shows good credentials, and only a guard can tell, is not counted with his neighbours.
  const bool guards_decide =
      !refused && request.headers.has("Authorization") && !match.route->guards.empty();
  if (!guards_decide) {
    if (auto over = over_address_rate()) {
      return over;
    }
  }
  return refused;
}

std::optional<Response> Exchange::run_guards() {
  std::optional<Response> refused;
  for (const Guard& guard : match.route->guards) {
    refused = guard(request);
    if (refused) {
      break;
    }
  }
  if (!counted && !request.identity) {
    if (auto over = over_address_rate()) {
      return over;
    }
  }
  return refused;
}

std::optional<Response> Exchange::find_route(RequestHead head, const Address& remote, bool tls) {
  const ServerConfig& config = state.config;
  http_1_0 = head.http_1_0;
  chunked = head.chunked;
  content_length = head.content_length;
  has_body = head.has_body();
  keep_alive = head.keep_alive;
  request.id = state.new_request_id();
  request.stop = state.stop_source.get_token();
  request.method = std::move(head.method);
  request.target = std::move(head.target);
  request.headers = std::move(head.headers);
  const Origin origin = find_origin(remote, tls, request.headers.joined("X-Forwarded-For"),
                                    request.header("X-Forwarded-Proto"), config.trusted_proxies);
  request.remote = origin.address;
  request.https = origin.https;

  const auto target = split_target(request.target);
  if (!target) {
    return Response::error(400, target.error().message);
  }
  request.host = target->host.empty() ? request.header("Host") : target->host;
  if (target->path == "*") {
    return request.method == "OPTIONS" ? Response::empty(204)
                                       : Response::error(400, "'*' is for OPTIONS only");
  }
  request.path = target->path;
  auto path = parse_path(target->path);
  if (!path) {
    return Response::error(400, path.error().message);
  }
  request.decoded_path = std::move(*path);
  auto query = parse_query(target->query);
  if (!query) {
    return Response::error(400, query.error().message);
  }
  request.query = std::move(*query);

  router = state.router();
  match = router->match(request.method, request.decoded_path);
  if (!match.route) {
    if (!match.allow.empty()) {
      Response response = request.method == "OPTIONS"
                              ? Response::empty(204)
                              : Response::error(405, request.method + " is not possible here");
      response.headers.add("Allow", match.allow);
      return response;
    }
    if (match.add_slash || match.drop_slash) {
      return Response::redirect(redirect_target(request, match.add_slash), 301);
    }
    return Response::error(404, "there is nothing at " + ellipsize(request.path, 200));
  }
  request.params = std::move(match.params);
  if (const auto expect = request.headers.get("Expect")) {
    if (!iequals(*expect, "100-continue")) {
      return Response::error(417, "the only expectation understood is 100-continue");
    }
    expects_continue = !http_1_0;
  }
  if (content_length.value_or(0) > match.route->max_body) {
    return Response::error(
        413, "at most " + std::to_string(match.route->max_body) + " bytes can be sent here");
  }
  return std::nullopt;
}

void Exchange::finish(Response response) {
  try {
    prepared = prepare(request, std::move(response), state.prepare_options);
  } catch (const std::exception& error) {
    log::error("http answer of request {} cannot be prepared: {}", request.id, error.what());
    keep_alive = false;
    prepared = {};
    prepared.response.status = 500;
    prepared.length = 0;
  }
}

void Exchange::log_access() const {
  const ServerConfig& config = state.config;
  if (!config.access_log && !config.on_request) {
    return;
  }
  RequestRecord record;
  record.method = request.method;
  record.target = request.target;
  record.route = match.route ? std::string_view(match.route->pattern) : "";
  record.status = prepared.response.status;
  record.bytes_in = bytes_in;
  record.bytes_out = bytes_out;
  record.duration = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - start);
  record.remote = request.remote.text();
  record.identity = request.identity ? std::string_view(request.identity->name) : "";
  record.id = request.id;
  record.agent = request.header("User-Agent");
  record.referer = request.header("Referer");
  record.complete = complete;
  if (config.access_log) {
    log::info("{}", format_access(record));
  }
  if (config.on_request) {
    config.on_request(record);
  }
}

}  // namespace patchmill::http
