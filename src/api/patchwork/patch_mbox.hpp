#pragma once
// The mbox of a patch of the registry.

#include "api/patchwork/registry.hpp"
#include "util/result.hpp"

#include <string>
#include <vector>

namespace patchmill::api::patchwork {

// With the trailers of its comments. The errors of Registry::mail.
Result<std::string> mbox_of_patch(Registry& registry, const registry::Patch& patch);

// The trailers in these comments, each with its newline; what cannot be read has none.
std::string responses_to(Registry& registry, const std::vector<registry::Comment>& comments);

// Address of a project's list; empty where there is none.
std::string list_email(Registry& registry, Id project);

}  // namespace patchmill::api::patchwork
