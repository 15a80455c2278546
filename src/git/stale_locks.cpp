#include "git/stale_locks.hpp"

#include "util/log.hpp"
#include "util/text.hpp"

#include <sys/stat.h>

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
    std::error_code error;
    if (fs::remove(path, error)) {
      log::warning("{} was left by a git process that is gone, and taken away",
                   escape_terminal(mend_utf8(path.string())));
      ++m_removed;
    }
  }

  [[nodiscard]] std::size_t removed() const { return m_removed; }

 private:
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
