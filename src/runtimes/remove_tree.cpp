#include "runtimes/remove_tree.hpp"

#include "runtimes/dir_closer.hpp"
#include "util/fd.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>

namespace patchmill::runtimes {
namespace {

// Folders may be nested deeper than there are descriptors or stack: what lies deeper than this is
// moved to the top first.
constexpr int max_depth = 64;

class Remover {
 public:
  explicit Remover(Fd top) : m_top(std::move(top)) {}

  bool run() {
    // Each round removes at least max_depth levels of what is left.
    for (int round = 0; round < 100'000; ++round) {
      m_moved = false;
      m_failed = false;
      empty(m_top.get(), 0);
      if (!m_moved) {
        return !m_failed;
      }
    }
    return false;
  }

 private:
  void empty(int folder, int depth) {
    Fd again(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const std::unique_ptr<DIR, DirCloser> dir(again.valid() ? ::fdopendir(again.get()) : nullptr);
    if (!dir) {
      m_failed = true;
      return;
    }
    static_cast<void>(again.release());
    while (const dirent* item = ::readdir(dir.get())) {
      if (std::strcmp(item->d_name, ".") != 0 && std::strcmp(item->d_name, "..") != 0) {
        remove(folder, item->d_name, depth);
      }
    }
  }

  void remove(int folder, const char* name, int depth) {
    if (::unlinkat(folder, name, 0) == 0 || ::unlinkat(folder, name, AT_REMOVEDIR) == 0) {
      return;
    }
    struct stat info{};
    if (::fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(info.st_mode)) {
      m_failed = true;
      return;
    }
    if ((info.st_mode & 0700) != 0700) {
      [[maybe_unused]] const int done = ::fchmodat(folder, name, 0700, 0);
    }
    if (depth >= max_depth) {
      const std::string up = ".patchmill-deep-" + std::to_string(++m_count);
      (::renameat(folder, name, m_top.get(), up.c_str()) == 0 ? m_moved : m_failed) = true;
      return;
    }
    const Fd inner(::openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!inner.valid()) {
      m_failed = true;
      return;
    }
    empty(inner.get(), depth + 1);
    if (::unlinkat(folder, name, AT_REMOVEDIR) != 0 && !m_moved) {
      m_failed = true;
    }
  }

  Fd m_top;
  bool m_moved = false, m_failed = false;
  unsigned long m_count = 0;
};

}  // namespace

bool empty_folder(const std::filesystem::path& folder) {
  Fd top(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  return top.valid() && Remover(std::move(top)).run();
}

}  // namespace patchmill::runtimes
