#pragma once
// What the API and the downloads do alike: credentials, addresses, a store that does not answer.

#include "api/patchwork/api.hpp"
#include "http/message.hpp"

#include <functional>
#include <optional>
#include <string>

namespace patchmill::api::patchwork {

// Patchwork's words for wrong credentials, always 403; schemes it does not know count as none.
std::optional<http::Response> refuse_credentials(const http::Request& request,
                                                 http::AuthFault fault);

// "https://host[/path]" that links of this answer begin with, without a slash at its end.
std::string base_of(const Options& options, const http::Request& request);

// "/path" of where people find this service; empty: it is all of its host.
std::string folder_of(const Options& options);

// The path as a client should ask for it, with a slash at its end, and the query as it came.
std::string canonical_path(const http::Request& request);
std::string with_slash(const http::Request& request);

// 503 when the store does not answer.
http::Response guarded(const http::Request& request, const std::function<http::Response()>& answer);

// The owner of the token as a user of the registry.
std::optional<registry::User> user_of(const http::Request& request, Registry& registry);
// The answer where an instance is private and the request has no right to read.
std::optional<http::Response> refuse_reading(const Options& options, const http::Request& request);

void add_downloads(http::Router& router, const std::shared_ptr<const Options>& options);

}  // namespace patchmill::api::patchwork
