#pragma once
// Changes single files of a folder by paths that came from outside, without ever leaving it.

#include "util/fd.hpp"
#include "util/result.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace patchmill::runtimes {

// Relative, without empty, "." or ".." parts and without anything that is ".git" to some system.
bool is_safe_path(std::string_view path);

class FolderWriter {
 public:
  // Files are written in `workplace` first, a folder of ours on the same filesystem: no name in
  // `folder` is free for sure, since a patch may add any.
  static Result<FolderWriter> open(const std::filesystem::path& folder,
                                   const std::filesystem::path& workplace);

  // Each fails with invalid for unsafe paths, and with conflict when a link or a file stands
  // where a folder must be. Links in the folder are never followed.
  Result<void> write_file(std::string_view path, std::string_view content, bool executable);
  Result<void> write_link(std::string_view path, const std::string& target);
  Result<void> make_folder(std::string_view path);
  // Removes the file and the folders it leaves empty. It need not exist.
  Result<void> remove(std::string_view path);

 private:
  FolderWriter(Fd root, Fd workplace)
      : m_root(std::move(root)), m_workplace(std::move(workplace)) {}
  Result<Fd> open_parent(std::string_view path, bool make, std::string& name);
  Result<void> replace(int folder, const std::string& name, std::string_view path);

  Fd m_root, m_workplace;
};

}  // namespace patchmill::runtimes
