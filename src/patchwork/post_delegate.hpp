#pragma once
// One delegate onto one patch of an instance.

#include "patchwork/instance.hpp"
#include "patchwork/post_check.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace patchmill::patchwork {

// Only where the patch has none: whom a person has set stays. `users`: the numbers of usernames, as
// far as they are known. 2 requests, and one more for a user who is asked for first. Never at the
// freedesktop edition, which cannot.
PostOutcome post_delegate(Instance& instance, std::int64_t patch, const std::string& username,
                          std::map<std::string, std::int64_t>& users);

}  // namespace patchmill::patchwork
