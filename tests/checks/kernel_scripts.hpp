#pragma once
// The real scripts of a Linux tree, for tests of what drives them.

#include "checks/fixture.hpp"

#include <cstdlib>
#include <optional>

namespace patchmill::checks::testing {

// Files of the tree in the folder PATCHMILL_TEST_KERNEL that the scripts need; none, with a
// message, where it is not given.
inline std::optional<std::map<std::string, std::string>> kernel_scripts() {
  const char* folder = std::getenv("PATCHMILL_TEST_KERNEL");
  if (folder == nullptr || !find_program("perl")) {
    MESSAGE("skipped: PATCHMILL_TEST_KERNEL names no folder with a Linux tree's scripts/");
    return std::nullopt;
  }
  std::map<std::string, std::string> files;
  for (const char* name :
       {"scripts/checkpatch.pl", "scripts/get_maintainer.pl", "scripts/spelling.txt",
        "scripts/const_structs.checkpatch", "MAINTAINERS", ".mailmap", ".get_maintainer.ignore"}) {
    const auto text = read_file(std::filesystem::path(folder) / name);
    REQUIRE_MESSAGE(text.has_value(), name);
    files[name] = *text;
  }
  return files;
}

}  // namespace patchmill::checks::testing
