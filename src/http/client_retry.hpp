#pragma once
// Whether a request may be made again, and when another server wants to be asked again.

#include "http/client.hpp"
#include "http/headers.hpp"

#include <chrono>
#include <optional>

namespace patchmill::http {

// Once more does no harm: by its method, or because the request says so.
bool is_idempotent(const ClientRequest& request);

// A status that may be another one in a while.
bool is_worth_repeating(int status);

// The wait that Retry-After asks for, in seconds or until a date; at most a day.
std::optional<std::chrono::milliseconds> retry_after(const Headers& headers);

// GitHub's and GitLab's way to say that the quota is spent, and until when; at most an hour.
std::optional<std::chrono::milliseconds> spent_quota(const Headers& headers);

}  // namespace patchmill::http
