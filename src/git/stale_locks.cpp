#include "git/stale_locks.hpp"

#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <string_view>
#include <system_error>

namespace patchmill::git {
namespace {

namespace fs = std::filesystem;

// No ref ends so (git-check-ref-format(1)), and no file of a repository does.
bool is_lock(const fs::path& path) {
  return path.extension() == ".lock" || path.filename() == "packed-refs.new";
}

class StaleLocks {
 public:
  explicit StaleLocks(std::chrono::seconds age) : m_until(std::time(nullptr) - age.count()) {}

  void remove(const fs::path& path) {
    struct stat info{};
    // A time to come is of a clock that was wrong: nobody knows how old it is, but it is no new
    // one.
    if (!is_lock(path) || ::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode) ||
        (info.st_mtime > m_until && info.st_mtime <= std::time(nullptr))) {
      return;
    }
    if (take_away(path, info.st_ino)) {
      log::warning("{} was left by a git process that is gone, and taken away",
                   escape_terminal(mend_utf8(path.string())));
      ++m_removed;
    }
  }

  [[nodiscard]] std::size_t removed() const { return m_removed; }

 private:
  // Somebody else may have taken it away meanwhile, and a git made one of its own there.
  static bool take_away(const fs::path& path, ino_t inode) {
    const fs::path aside = path.string() + fmt::format(".stale-{}", ::gettid());
    struct stat info{};
    if (::rename(path.c_str(), aside.c_str()) != 0 || ::lstat(aside.c_str(), &info) != 0) {
      return false;
    }
    const bool same = info.st_ino == inode;
    if (!same) {
      [[maybe_unused]] const int back = ::link(aside.c_str(), path.c_str());
    }
    ::unlink(aside.c_str());
    return same;
  }

  std::time_t m_until;
  std::size_t m_removed = 0;
};

}  // namespace

std::size_t remove_stale_locks(const fs::path& git_dir, std::chrono::seconds age) {
  StaleLocks locks(age);
  std::error_code error;
  for (const char* folder : {"", "objects/info", "objects/info/commit-graphs", "objects/pack"}) {
    for (fs::directory_iterator at(git_dir / folder, error), end; !error && at != end;
         at.increment(error)) {
      locks.remove(at->path());
    }
  }
  for (fs::recursive_directory_iterator at(git_dir / "refs", error), end; !error && at != end;
       at.increment(error)) {
    locks.remove(at->path());
  }
  return locks.removed();
}

}  // namespace patchmill::git
