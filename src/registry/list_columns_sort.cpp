// The rows of one page by several keys: first which rows it may have, then these compared.
#include "registry/list_matches.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <numeric>

namespace patchmill::registry {

std::vector<std::uint32_t> ranks_of(const ListColumns::Ranks& ranks, std::span<const Id> ids) {
  std::vector<std::uint32_t> places;
  for (const Id id : ids) {
    const auto found = ranks.find(id);
    places.push_back(found != ranks.end() ? found->second + 1 : 0u);
  }
  return places;
}

namespace {

constexpr std::size_t k_few_rows = 4096;  // rows that are compared sooner than counted

}  // namespace

// Rows of the lowest and the highest key on a page, and those between.
struct ListColumns::Groups {
  enum Group : std::uint8_t { low, middle, high };

  explicit Groups(std::size_t rows) {
    for (Matches& one : of) {
      one.bits.resize(rows / 64 + 1);
      one.counts.resize(rows / k_block + 1);
    }
  }
  void add(std::size_t row, Group group) {
    Matches& to = of[group];
    to.bits[row / 64] |= std::uint64_t{1} << (row % 64);
    ++to.counts[row / k_block];
    ++to.total;
  }

  std::size_t below = 0;  // rows of lower keys
  std::array<Matches, 3> of;
};

// One for each of the rows; a smaller one comes first.
std::vector<std::int64_t> ListColumns::keys_of(const std::vector<std::uint32_t>& rows,
                                               const Ordering& order,
                                               std::span<const std::uint32_t> people) const {
  std::vector<std::int64_t> keys(rows.size());
  const auto fill = [&](const auto& key_of) {
    std::transform(rows.begin(), rows.end(), keys.begin(), [&](std::uint32_t row) {
      const auto key = static_cast<std::int64_t>(key_of(row));
      return order.descending ? ~key : key;
    });
  };
  if (order.key == ListKey::name) {
    std::vector<std::uint32_t> places(m_ids.size());
    for (std::size_t place = 0; place < m_by_name.size(); ++place) {
      places[m_by_name[place]] = static_cast<std::uint32_t>(place);
    }
    fill([&](std::uint32_t row) { return places[row]; });
    return keys;
  }
  with_key(order, people, [&](const auto& key_of, std::size_t) { fill(key_of); });
  return keys;
}

std::vector<Id> ListColumns::by_comparing(const Matches& matches, std::span<const Ordering> order,
                                          std::span<const std::uint32_t> people, std::size_t first,
                                          std::size_t count) const {
  std::vector<std::uint32_t> rows;
  rows.reserve(matches.total);
  matches.each(m_ids.size(),
               [&](std::size_t row) { rows.push_back(static_cast<std::uint32_t>(row)); });
  std::vector<std::vector<std::int64_t>> keys;
  for (const Ordering& one : order) {
    keys.push_back(keys_of(rows, one, people));
  }
  keys.push_back(keys_of(rows, {ListKey::id, order.back().descending, {}}, people));
  const auto before = [&](std::uint32_t a, std::uint32_t b) {
    for (const auto& key : keys) {
      if (key[a] != key[b]) {
        return key[a] < key[b];
      }
    }
    return false;
  };
  std::vector<std::uint32_t> places(rows.size());  // in `rows`
  std::iota(places.begin(), places.end(), 0u);
  const auto begin = places.begin() + static_cast<std::ptrdiff_t>(first);
  const auto end = begin + static_cast<std::ptrdiff_t>(count);
  if (first > 0) {
    std::nth_element(places.begin(), begin, places.end(), before);
  }
  std::partial_sort(begin, end, places.end(), before);
  std::vector<Id> ids;
  std::transform(begin, end, std::back_inserter(ids),
                 [&](std::uint32_t place) { return m_ids[rows[place]]; });
  return ids;
}

// By the first key alone it is known which rows the page may have: those of one key mostly, which
// the other keys then order, or the last ones of it, some in between, and the first ones of
// another.
std::vector<Id> ListColumns::by_several(const Matches& matches, std::span<const Ordering> order,
                                        std::span<const std::uint32_t> people, std::size_t first,
                                        std::size_t count) const {
  if (count == 0) {
    return {};
  }
  const Ordering& key = order.front();
  if (order.size() > 1 && matches.total <= k_few_rows) {
    return by_comparing(matches, order, people, first, count);
  }
  std::vector<Id> ids =
      by_one(matches, key, people, key.descending ? matches.total - first - count : first, count);
  if (order.size() == 1) {
    if (key.descending) {
      std::reverse(ids.begin(), ids.end());
    }
    return ids;
  }
  Groups groups(m_ids.size());
  with_key(key, people, [&](const auto& key_of, std::size_t) {
    const auto lowest = key_of(*m_ids.find(ids.front()));
    const auto highest = key_of(*m_ids.find(ids.back()));
    matches.each(m_ids.size(), [&](std::size_t row) {
      const auto at = key_of(row);
      groups.below += at < lowest ? 1u : 0u;
      if (at >= lowest && at <= highest) {
        groups.add(row, at == lowest ? Groups::low : at == highest ? Groups::high : Groups::middle);
      }
    });
  });
  auto& [low, middle, high] = groups.of;
  const bool one = high.total == 0;  // key
  const Matches& begin = key.descending && !one ? high : low;
  const Matches& end = key.descending ? low : high;
  const std::size_t before =
      key.descending ? matches.total - groups.below - low.total - middle.total - high.total
                     : groups.below;
  const auto others = order.subspan(1);
  const std::size_t of_begin = std::min(count, begin.total - (first - before));
  ids = by_several(begin, others, people, first - before, of_begin);
  const auto append = [&](const std::vector<Id>& more) {
    ids.insert(ids.end(), more.begin(), more.end());
  };
  if (of_begin < count) {
    if (middle.total > 0) {
      append(by_comparing(middle, order, people, 0, middle.total));
    }
    append(by_several(end, others, people, 0, count - of_begin - middle.total));
  }
  return ids;
}

}  // namespace patchmill::registry
