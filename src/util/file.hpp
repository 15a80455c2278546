#pragma once
// Reading and writing whole files, and temporary folders.

#include "util/result.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace patchmill {

// Error limit when the file is larger than max_bytes.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes = 1u << 30);
// False with errno set; interrupted and partial writes are carried on.
bool write_all(int fd, std::string_view bytes);
// Written beside the target, fsynced, renamed over it: readers see the old or the new content.
Result<void> write_file_atomic(const std::filesystem::path& path, std::string_view content);

// A folder that is removed with everything in it. Made under `parent` (default: $TMPDIR or /tmp).
class TempDir {
 public:
  explicit TempDir(std::string_view prefix = "patchmill", std::filesystem::path parent = {});
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return m_path; }

 private:
  std::filesystem::path m_path;
};

// Read-only mapping of a whole file; the view stays valid as long as the object lives.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::filesystem::path& path);
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();
  [[nodiscard]] std::string_view view() const { return {m_data, m_size}; }

 private:
  const char* m_data = nullptr;
  std::size_t m_size = 0;
};

// Exclusive advisory lock on a file, held until destruction. Error conflict when another holds it.
class LockFile {
 public:
  static Result<LockFile> acquire(const std::filesystem::path& path, bool wait);
  // Without taking it, so nobody who wants it is refused meanwhile. False where there is no file.
  static bool is_held(const std::filesystem::path& path);
  LockFile(LockFile&&) noexcept = default;
  LockFile& operator=(LockFile&&) noexcept = default;

 private:
  explicit LockFile(int fd);
  struct Closer {
    int fd = -1;
    Closer() = default;
    explicit Closer(int f) : fd(f) {}
    Closer(Closer&& o) noexcept;
    Closer& operator=(Closer&& o) noexcept;
    ~Closer();
  } m_fd;
};

}  // namespace patchmill
