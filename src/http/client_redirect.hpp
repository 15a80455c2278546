#pragma once
// Where an answer sends a request, and what may go there with it. Only for the client.

#include "http/client_job.hpp"
#include "util/result.hpp"

#include <optional>

namespace patchmill::http {

// Whether the job goes on elsewhere; then it has the new address, and the method that fits. `error`
// is set where the redirect is not followed: invalid (address, from https to http, a body to
// another origin) or limit (too many).
bool follow_redirect(ClientJob& job, const ClientResponse& response, std::optional<Error>& error);

}  // namespace patchmill::http
