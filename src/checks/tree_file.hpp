#pragma once
// Files as they stand in a commit.

#include "git/repository.hpp"

#include <optional>
#include <string>

namespace patchmill::checks {

// The content of a file; nothing where there is none with lines (a symbolic link, a folder, a
// submodule) at that path.
Result<std::optional<std::string>> read_tree_file(git::Repository& repository,
                                                  const git::ObjectId& commit,
                                                  const std::string& path);

}  // namespace patchmill::checks
