#pragma once
// What changes in folders of this machine (inotify(7)).

#include "util/fd.hpp"
#include "util/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace patchmill::intake {

class FolderWatch {
 public:
  struct Event {
    int folder = -1;         // what add() returned
    std::uint32_t mask = 0;  // IN_…
    std::string name;        // of the file; empty: the folder itself
  };
  struct Changes {
    std::vector<Event> events;
    // Some changes are not among them: too many at once, or a folder that is gone or was moved.
    bool incomplete = false;
  };

  // Errors: infrastructure, when the kernel's limits (fs.inotify.*) are used up.
  static Result<FolderWatch> open();
  // Adding a folder again changes its mask. Errors: not_found, infrastructure.
  Result<int> add(const std::filesystem::path& folder, std::uint32_t mask);
  [[nodiscard]] int fd() const { return m_fd.get(); }  // readable: take() has something
  // What happened since; does not wait.
  Changes take();

 private:
  explicit FolderWatch(Fd fd) : m_fd(std::move(fd)) {}
  Fd m_fd;
};

// True for file systems on which other machines change files without this kernel knowing (NFS,
// SMB, 9p, FUSE, …), and where nobody can tell.
bool is_remote_folder(const std::filesystem::path& folder);

}  // namespace patchmill::intake
