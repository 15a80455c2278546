#pragma once
// Large objects as files named by their SHA-256, under the data directory; never rows.

#include "util/result.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace patchmill::store {

class BlobStore {
 public:
  explicit BlobStore(std::filesystem::path root);  // made when first written to
  // Returns the SHA-256. Idempotent; complete or absent after a crash.
  Result<std::string> put(std::string_view content);
  Result<std::string> put_file(const std::filesystem::path& file);
  [[nodiscard]] Result<std::string> get(std::string_view sha256) const;
  // Where it lies; error invalid when the name is not 64 hexadecimal digits.
  [[nodiscard]] Result<std::filesystem::path> path_of(std::string_view sha256) const;

 private:
  std::filesystem::path m_root;
};

}  // namespace patchmill::store
