#pragma once
// What git processes that were killed have left in a repository.

#include <chrono>
#include <cstddef>
#include <filesystem>

namespace patchmill::git {

// No git process holds one of its locks as long.
inline constexpr std::chrono::seconds k_stale_lock_age{60};

// Takes away the locks of refs and of the repository's own files (lockfiles of git's
// api-lockfile, `packed-refs.new`) that are at least as old: git never does, and refuses to work
// where one is. Returns how many there were.
std::size_t remove_stale_locks(const std::filesystem::path& git_dir,
                               std::chrono::seconds age = k_stale_lock_age);

}  // namespace patchmill::git
