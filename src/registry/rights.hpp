#pragma once
// Who may do what. There is no right that goes beyond one's own projects.

#include "registry/change.hpp"
#include "registry/model.hpp"
#include "store/database.hpp"

#include <string>

namespace patchmill::registry {

bool maintains(store::Database& database, Id user, Id project);
// Whether this person (a submitter, an author) is that user.
bool is_address_of(store::Database& database, Id user, Id person);

tl::unexpected<Refusal> forbidden(
    std::string message = "You do not have permission to perform this action.");
tl::unexpected<Refusal> not_found();
tl::unexpected<Refusal> invalid(std::string field, std::string message);
tl::unexpected<Refusal> conflict(std::string message);

}  // namespace patchmill::registry
