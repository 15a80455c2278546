#pragma once
// git's index, version 2, as far as `git apply --cached` needs it: names, modes and ids.

#include "git/repository.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::git {

struct IndexEntry {
  std::uint32_t mode = 0;
  int stage = 0;  // 0: merged
  ObjectId id;
  std::string path;
};

// The bytes of an index file with these entries at stage 0. Entries are sorted here; two of the
// same path keep the first.
std::string write_index(std::vector<TreeEntry> entries, std::size_t id_bytes);

// Nothing when the bytes are no index of version 2 or 3.
std::optional<std::vector<IndexEntry>> read_index(std::string_view data, std::size_t id_bytes);

}  // namespace patchmill::git
