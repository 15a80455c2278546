#pragma once
// Tree objects as bytes: reading their entries and writing them in git's order.

#include "git/object_id.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::git {

constexpr std::uint32_t kModeTree = 0040000;
constexpr std::uint32_t kModeLink = 0120000;
constexpr std::uint32_t kModeSubmodule = 0160000;

struct RawEntry {
  std::uint32_t mode = 0;
  std::string name;  // one component
  ObjectId id;
};

std::string to_hex(std::string_view bytes);
std::string from_hex(std::string_view hex);  // undefined unless is_object_id-like

// `id_bytes`: 20 or 32. Nothing when the bytes are no tree.
std::optional<std::vector<RawEntry>> parse_tree(std::string_view data, std::size_t id_bytes);
// One entry by name, without building the others.
std::optional<RawEntry> find_in_tree(std::string_view data, std::size_t id_bytes,
                                     std::string_view name);
// Sorts and serialises.
std::string serialize_tree(std::vector<RawEntry> entries);

}  // namespace patchmill::git
