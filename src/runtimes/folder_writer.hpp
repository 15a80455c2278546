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
  static Result<FolderWriter> open(const std::filesystem::path& folder);

  // Each fails with invalid for unsafe paths, and with conflict when a link or a file stands
  // where a folder must be. Links in the folder are never followed.
  Result<void> write_file(std::string_view path, std::string_view content, bool executable);
  Result<void> write_link(std::string_view path, const std::string& target);
  Result<void> make_folder(std::string_view path);
  // Removes the file and the folders it leaves empty. It need not exist.
  Result<void> remove(std::string_view path);

 private:
  explicit FolderWriter(Fd root) : m_root(std::move(root)) {}
  Result<Fd> open_parent(std::string_view path, bool make, std::string& name);
  Result<void> replace(int folder, const std::string& temporary, const std::string& name,
                       std::string_view path);

  Fd m_root;
};

}  // namespace patchmill::runtimes
