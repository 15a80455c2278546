#pragma once

#include "registry/model.hpp"
#include "store/database.hpp"

#include <span>
#include <string>

namespace patchmill::cli {

// The section `patchwork` of a configuration that keeps these projects (with the ids here) as the
// registry has them, with every user that they name. What a configuration cannot have is left out,
// and a comment says why: a user for the username, a key for its value, a project for what says
// which mails are its own.
std::string patchwork_section(store::Database& database,
                              std::span<const registry::Project> projects);

}  // namespace patchmill::cli
