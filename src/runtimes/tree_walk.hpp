#pragma once
// Walks folders that were written by code under test: links are never followed, depth and count
// are bounded, and what vanishes meanwhile is no error.

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <system_error>

namespace patchmill::runtimes {

struct WalkEntry {
  int folder = -1;             // open descriptor of the folder it is in
  const char* name = nullptr;  // its name there
  std::string path;            // relative to the top, '/' between
  struct stat info{};          // of the entry itself, not of what a link points to
};

struct WalkLimits {
  std::size_t max_entries = 2'000'000;
  std::size_t max_depth = 128;
};

enum class WalkEnd { complete, too_many, too_deep, unreadable };

// Calls `visit` for everything under `top` (not for top itself), contents before their folder;
// `enter` (may be empty) is called for each folder before it is opened.
WalkEnd walk_tree(const std::filesystem::path& top,
                  const std::function<void(const WalkEntry&)>& visit,
                  const std::function<void(const WalkEntry&)>& enter = {},
                  const WalkLimits& limits = {});

struct DiskUsage {
  std::uint64_t bytes = 0;  // of blocks on the disk
  WalkEnd end = WalkEnd::complete;
};
DiskUsage disk_usage(const std::filesystem::path& top);

// Gives everything under `top`, and at last `top` itself, to this user. When `top` is already his
// nothing is done: the order makes an interrupted change start again. The error says why not.
std::error_code give_to(const std::filesystem::path& top, unsigned uid, unsigned gid);

// Makes every folder below `top` removable by us (u+rwx).
void make_removable(const std::filesystem::path& top);

}  // namespace patchmill::runtimes
