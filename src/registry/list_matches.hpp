#pragma once
// What list_columns_match.cpp finds and list_columns_select.cpp reads. Private to the columns.

#include "registry/list_columns.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace patchmill::registry {

inline constexpr std::size_t k_block = 1024;  // rows that are filtered at once
inline constexpr std::uint8_t k_flag = 0x80;  // of a mark; the rest is the code of its kind

// Which rows fit: a bit each, and how many of every block.
struct ListColumns::Matches {
  std::vector<std::uint64_t> bits;
  std::vector<std::uint32_t> counts;
  std::size_t total = 0;
  bool all = false;  // every row; the others are empty

  [[nodiscard]] bool has(std::size_t row) const {
    return all || (bits[row / 64] >> (row % 64) & 1) != 0;
  }
};

// The places of these ids; what has none comes first, as NULL does in SQLite.
std::vector<std::uint32_t> ranks_of(const ListColumns::Ranks& ranks, std::span<const Id> ids);

}  // namespace patchmill::registry
