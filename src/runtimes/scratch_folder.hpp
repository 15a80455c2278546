#pragma once
// A folder for a while.

#include "util/result.hpp"

#include <filesystem>

namespace patchmill::runtimes {

// Empty at first, and gone with the object, whatever was left in it: any depth, any permissions.
class ScratchFolder {
 public:
  // In `parent`, with a name of its own.
  static Result<ScratchFolder> make_in(const std::filesystem::path& parent);
  // This one; what is there is removed.
  static Result<ScratchFolder> make(const std::filesystem::path& path);
  static bool remove(const std::filesystem::path& path);  // whether it is gone

  ~ScratchFolder();
  ScratchFolder(ScratchFolder&& other) noexcept;
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return m_path; }

 private:
  explicit ScratchFolder(std::filesystem::path path) : m_path(std::move(path)) {}
  std::filesystem::path m_path;  // empty when moved from
};

}  // namespace patchmill::runtimes
