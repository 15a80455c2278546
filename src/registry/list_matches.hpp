#pragma once
// What list_columns_match.cpp finds, and list_columns_select.cpp and list_columns_sort.cpp read.
// Private to the columns.

#include "registry/list_columns.hpp"

#include <algorithm>
#include <bit>
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
  // Calls use(row) for each of `rows` rows that fits, in their order.
  template <class Use>
  void each(std::size_t rows, const Use& use) const {
    if (all) {
      for (std::size_t row = 0; row < rows; ++row) {
        use(row);
      }
      return;
    }
    for (std::size_t word = 0; word < bits.size(); ++word) {
      for (std::uint64_t left = bits[word]; left != 0; left &= left - 1) {
        use(word * 64 + static_cast<std::size_t>(std::countr_zero(left)));
      }
    }
  }
};

// The places of these ids; what has none comes first, as NULL does in SQLite.
std::vector<std::uint32_t> ranks_of(const ListColumns::Ranks& ranks, std::span<const Id> ids);

// Calls use(key_of, keys): key_of(row) is the place of a row by this key, ascending, and below
// `keys` where that is not 0. By name there is none.
template <class Use>
void ListColumns::with_key(const Ordering& order, std::span<const std::uint32_t> people,
                           const Use& use) const {
  const auto by_place = [&](const std::vector<std::uint32_t>& places, const auto& code_of) {
    use([&](std::size_t row) { return std::size_t{places[code_of(row)]}; }, order.ranks.size() + 1);
  };
  const auto submitter_of = [&](std::size_t row) {
    return m_submitters.empty() ? std::size_t{0} : std::size_t{m_submitters[row]};
  };
  switch (order.key) {
    case ListKey::id:
    case ListKey::name:
      return use([](std::size_t row) { return row; }, std::size_t{0});
    case ListKey::date:
      return use([&](std::size_t row) { return m_dates[row]; }, std::size_t{0});
    case ListKey::project:
      return by_place(ranks_of(order.ranks, m_project_codes.ids()),
                      [&](std::size_t row) { return m_projects[row]; });
    case ListKey::kind:
      return by_place(ranks_of(order.ranks, m_kind_codes.ids()),
                      [&](std::size_t row) { return m_marks[row] & 0x7Fu; });
    case ListKey::user_name: {
      if (m_users.empty()) {
        return use([](std::size_t) { return std::size_t{0}; }, std::size_t{1});
      }
      return by_place(ranks_of(order.ranks, m_user_codes.ids()),
                      [&](std::size_t row) { return m_users[row]; });
    }
    case ListKey::submitter:
      return use(submitter_of, std::size_t{m_largest_submitter} + 1);
    case ListKey::submitter_name: {
      const std::size_t last = people.empty() ? 0 : *std::max_element(people.begin(), people.end());
      return use(
          [&](std::size_t row) {
            const std::size_t id = submitter_of(row);
            return id < people.size() ? std::size_t{people[id]} : std::size_t{0};
          },
          last + 1);
    }
    case ListKey::flag:
      return use([&](std::size_t row) { return std::size_t{m_marks[row]} >> 7; }, std::size_t{2});
  }
}

}  // namespace patchmill::registry
