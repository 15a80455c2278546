#pragma once
// Owner of an open folder: std::unique_ptr<DIR, DirCloser>.

#include <dirent.h>

namespace patchmill::runtimes {

struct DirCloser {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

}  // namespace patchmill::runtimes
