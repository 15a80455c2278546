#pragma once
// Refuses requests that could not be run, or not safely, with words that say what to do.

#include "runtimes/runtime.hpp"
#include "util/result.hpp"

namespace patchmill::runtimes {

// `other_user`: the job runs as another user than we are, who must be able to read the source.
Result<void> check_request(const RunRequest& request, bool other_user);

}  // namespace patchmill::runtimes
