#include "runtimes/tree_walk.hpp"

#include "runtimes/dir_closer.hpp"
#include "util/fd.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

namespace patchmill::runtimes {
namespace {

struct Level {
  std::unique_ptr<DIR, DirCloser> dir;
  WalkEntry self;    // how this folder is known in its parent; unused at the top
  std::string name;  // owns self.name
  std::size_t path_length = 0;
};

std::unique_ptr<DIR, DirCloser> open_dir(int at, const char* name) {
  Fd fd(::openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) {
    return nullptr;
  }
  std::unique_ptr<DIR, DirCloser> dir(::fdopendir(fd.get()));
  if (dir) {
    static_cast<void>(fd.release());
  }
  return dir;
}

}  // namespace

WalkEnd walk_tree(const std::filesystem::path& top,
                  const std::function<void(const WalkEntry&)>& visit,
                  const std::function<void(const WalkEntry&)>& enter, const WalkLimits& limits) {
  std::vector<Level> stack(1);
  stack[0].dir = open_dir(AT_FDCWD, top.c_str());
  if (!stack[0].dir) {
    return WalkEnd::unreadable;
  }
  std::string path;
  std::size_t entries = 0;
  WalkEnd end = WalkEnd::complete;
  while (!stack.empty()) {
    Level& level = stack.back();
    const dirent* item = ::readdir(level.dir.get());
    if (item == nullptr) {
      Level done = std::move(stack.back());
      stack.pop_back();
      done.dir.reset();
      if (!stack.empty()) {
        done.self.name = done.name.c_str();
        visit(done.self);
        path.resize(done.path_length);
      }
      continue;
    }
    if (std::strcmp(item->d_name, ".") == 0 || std::strcmp(item->d_name, "..") == 0) {
      continue;
    }
    if (++entries > limits.max_entries) {
      return WalkEnd::too_many;
    }
    WalkEntry entry;
    entry.folder = ::dirfd(level.dir.get());
    entry.name = item->d_name;
    if (::fstatat(entry.folder, item->d_name, &entry.info, AT_SYMLINK_NOFOLLOW) != 0) {
      continue;
    }
    const std::size_t before = path.size();
    entry.path = path.empty() ? item->d_name : path + "/" + item->d_name;
    if (!S_ISDIR(entry.info.st_mode)) {
      visit(entry);
      continue;
    }
    if (stack.size() >= limits.max_depth) {
      end = WalkEnd::too_deep;
      continue;
    }
    if (enter) {
      enter(entry);
    }
    auto dir = open_dir(entry.folder, item->d_name);
    if (!dir) {
      end = end == WalkEnd::complete ? WalkEnd::unreadable : end;
      visit(entry);
      continue;
    }
    Level next;
    next.dir = std::move(dir);
    next.name = item->d_name;
    next.path_length = before;
    path = entry.path;
    next.self = std::move(entry);
    stack.push_back(std::move(next));
  }
  return end;
}

DiskUsage disk_usage(const std::filesystem::path& top) {
  DiskUsage usage;
  usage.end = walk_tree(top, [&](const WalkEntry& entry) {
    usage.bytes += static_cast<std::uint64_t>(entry.info.st_blocks) * 512;
  });
  return usage;
}

std::error_code give_to(const std::filesystem::path& top, unsigned uid, unsigned gid) {
  const auto last_error = [] { return std::error_code(errno, std::generic_category()); };
  struct stat info{};
  if (::lstat(top.c_str(), &info) != 0) {
    return last_error();
  }
  if (!S_ISDIR(info.st_mode)) {
    return std::make_error_code(std::errc::not_a_directory);
  }
  if (info.st_uid == uid && info.st_gid == gid) {
    return {};
  }
  std::error_code first;  // what the walk does after a failure has errors of its own
  const WalkEnd end = walk_tree(top, [&](const WalkEntry& entry) {
    if ((entry.info.st_uid != uid || entry.info.st_gid != gid) &&
        ::fchownat(entry.folder, entry.name, uid, gid, AT_SYMLINK_NOFOLLOW) != 0 && !first) {
      first = last_error();
    }
  });
  if (first) {
    return first;
  }
  switch (end) {
    case WalkEnd::complete:
      return ::lchown(top.c_str(), uid, gid) == 0 ? std::error_code() : last_error();
    case WalkEnd::unreadable:
      return std::make_error_code(std::errc::permission_denied);
    case WalkEnd::too_many:
      return std::make_error_code(std::errc::file_too_large);
    case WalkEnd::too_deep:
      return std::make_error_code(std::errc::filename_too_long);
  }
  return {};
}

void make_removable(const std::filesystem::path& top) {
  ::chmod(top.c_str(), 0700);
  walk_tree(
      top, [](const WalkEntry&) {},
      [](const WalkEntry& entry) {
        if ((entry.info.st_mode & 0700) != 0700 && entry.info.st_uid == ::geteuid()) {
          // fchmodat cannot be told not to follow links, but this is a folder, and the run is over.
          [[maybe_unused]] const int done = ::fchmodat(entry.folder, entry.name, 0700, 0);
        }
      });
}

}  // namespace patchmill::runtimes
