#pragma once
// What lies in a blob store: walked for backups, swept of what nothing refers to.

#include "util/result.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::store {

// Names of blobs, kept small: 32 bytes each. Sorted and unique once settle() was called.
class BlobNames {
 public:
  void add(std::string_view sha256);  // ignored unless it is a name
  void settle();
  [[nodiscard]] bool contains(std::string_view sha256) const;
  [[nodiscard]] std::size_t size() const { return m_names.size(); }
  void each(const std::function<void(const std::string& sha256)>& f) const;

 private:
  using Bytes = std::array<unsigned char, 32>;
  static bool read(std::string_view sha256, Bytes& bytes);
  std::vector<Bytes> m_names;
};

struct SweepCounts {
  std::uint64_t kept = 0, removed = 0, bytes_removed = 0;
  std::uint64_t leftovers = 0;  // half-written files of processes that died
};

// Removes blobs that `referenced` does not name and nobody has put for `grace`, and half-written
// files as old as that. Safe while others put: a blob that is put again while it is being removed
// stays (BlobStore::put renews its time). `referenced` has to be read after which no transaction
// older than `grace` commits a reference to an older blob.
// `folders`: which of the 256 folders are looked at (first and one behind the last), so that the
// work can be done in small steps. dry_run: only counts.
Result<SweepCounts> sweep_blobs(const std::filesystem::path& root, const BlobNames& referenced,
                                std::chrono::system_clock::time_point now,
                                std::chrono::seconds grace, bool dry_run, unsigned first_folder = 0,
                                unsigned end_folder = 256);

}  // namespace patchmill::store
