#pragma once

#include "registry/model.hpp"
#include "store/database.hpp"

#include <span>
#include <string>

namespace patchmill::cli {

// The section `patchwork` of a configuration that keeps these projects (with the ids here) as the
// registry has them, with every user that they name. Somebody whose username a configuration cannot
// have is left out, and a comment says so.
std::string patchwork_section(store::Database& database,
                              std::span<const registry::Project> projects);

}  // namespace patchmill::cli
