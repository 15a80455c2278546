#pragma once
// Removing what code under test left behind: any depth, any permissions, no link followed.

#include <filesystem>

namespace patchmill::runtimes {

// Empties the folder. True when nothing is left in it.
bool empty_folder(const std::filesystem::path& folder);

}  // namespace patchmill::runtimes
