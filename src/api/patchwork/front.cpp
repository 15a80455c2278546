#include "api/patchwork/front.hpp"

#include "api/patchwork/answers.hpp"
#include "api/patchwork/json_text.hpp"
#include "api/scopes.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

namespace patchmill::api::patchwork {

std::optional<http::Response> refuse_credentials(const http::Request& request,
                                                 http::AuthFault fault) {
  const std::string_view header = trim(request.header("Authorization"));
  const std::string_view scheme = header.substr(0, header.find(' '));
  const bool basic = iequals(scheme, "Basic");
  if (fault == http::AuthFault::wrong) {
    return problem(403, basic ? "Invalid username/password." : "Invalid token.");
  }
  if (basic) {
    return problem(403, "Invalid basic header. Credentials not correctly base64 encoded.");
  }
  if (iequals(scheme, "Token")) {
    return problem(403, "Invalid token header. No credentials provided.");
  }
  return std::nullopt;
}

std::string base_of(const Options& options, const http::Request& request) {
  std::string base = options.public_url;
  if (base.empty()) {
    base = (request.https ? "https://" : "http://") +
           (http::valid_host(request.host) ? request.host : std::string("localhost"));
  }
  while (base.ends_with('/')) {
    base.pop_back();
  }
  return base;
}

std::string folder_of(const Options& options) {
  const std::string& url = options.public_url;
  const auto host = url.find("://");
  const auto path = host == std::string::npos ? host : url.find('/', host + 3);
  std::string folder = path == std::string::npos ? "" : url.substr(path);
  while (folder.ends_with('/')) {
    folder.pop_back();
  }
  return folder;
}

std::string canonical_path(const http::Request& request) {
  std::string path;
  for (const std::string& segment : request.decoded_path.segments) {
    path += '/';
    append_path_segment(path, segment);
  }
  return path + "/";
}

std::string with_slash(const http::Request& request) {
  const auto question = request.target.find('?');
  return canonical_path(request) +
         (question == std::string::npos ? "" : request.target.substr(question));
}

http::Response guarded(const http::Request& request,
                       const std::function<http::Response()>& answer) {
  try {
    return answer();
  } catch (const store::DatabaseError& error) {
    log::error("{} (request {}): the store does not answer: {}", request.path, request.id,
               error.what());
    auto response = problem(503, "The store does not answer at the moment; try again later.");
    response.headers.add("Retry-After", "30");
    return response;
  }
}

std::optional<registry::User> user_of(const http::Request& request, Registry& registry) {
  return request.identity ? registry.user_by_name(request.identity->name) : std::nullopt;
}

std::optional<http::Response> refuse_reading(const Options& options, const http::Request& request) {
  if (!options.is_private) {
    return std::nullopt;
  }
  if (!request.identity) {
    return problem(403, k_no_credentials);
  }
  if (!request.identity->allows(scope::read)) {
    return problem(403, "This token lacks the scope '" + std::string(scope::read) + "'.");
  }
  return std::nullopt;
}

}  // namespace patchmill::api::patchwork
