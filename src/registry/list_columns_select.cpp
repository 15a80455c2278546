// The rows of one page, in the order asked for.
#include "registry/list_matches.hpp"

#include <algorithm>
#include <numeric>
#include <type_traits>

namespace patchmill::registry {
namespace {

constexpr std::uint32_t k_largest_submitter = 1u << 24;  // to count one by one

}  // namespace

std::vector<Id> ListColumns::by_id(const Matches& matches, std::size_t first,
                                   std::size_t count) const {
  std::vector<Id> ids;
  if (matches.all) {
    for (; ids.size() < count; ++first) {
      ids.push_back(m_ids[first]);
    }
    return ids;
  }
  std::size_t block = 0;
  for (; first >= matches.counts[block]; ++block) {
    first -= matches.counts[block];
  }
  for (std::size_t row = block * k_block; ids.size() < count; ++row) {
    if (!matches.has(row)) {
      continue;
    }
    if (first > 0) {
      --first;
    } else {
      ids.push_back(m_ids[row]);
    }
  }
  return ids;
}

std::vector<Id> ListColumns::by_order(const std::vector<std::uint32_t>& rows,
                                      const Matches& matches, std::size_t first,
                                      std::size_t count) const {
  std::vector<Id> ids;
  const auto walk = [&](auto it, const auto& end, std::size_t skipped) {
    for (; it != end && ids.size() < count; ++it) {
      if (!matches.has(*it)) {
        continue;
      }
      if (skipped > 0) {
        --skipped;
      } else {
        ids.push_back(m_ids[*it]);
      }
    }
  };
  if (first <= matches.total / 2) {
    walk(rows.begin(), rows.end(), first);
  } else {
    walk(rows.rbegin(), rows.rend(), matches.total - first - count);
    std::reverse(ids.begin(), ids.end());
  }
  return ids;
}

// Counts how many rows every key has, which says where in the whole order the rows of each begin;
// only rows whose key is on the page are looked at once more.
template <class KeyOf>
std::vector<Id> ListColumns::by_key(const Matches& matches, std::size_t keys, const KeyOf& key_of,
                                    std::size_t first, std::size_t count) const {
  std::vector<std::uint32_t> next(keys + 1);
  const std::size_t size = m_ids.size();
  matches.each(size, [&](std::size_t row) { ++next[key_of(row) + 1]; });
  std::partial_sum(next.begin(), next.end(), next.begin());
  const auto key_at = [&](std::size_t place) {
    return static_cast<std::size_t>(std::upper_bound(next.begin(), next.end(), place) -
                                    next.begin()) -
           1;
  };
  const std::size_t lowest = key_at(first), highest = key_at(first + count - 1);
  std::vector<Id> ids(count);
  std::size_t found = 0;
  for (std::size_t row = 0; row < size && found < count; ++row) {
    const std::size_t key = key_of(row);
    // Lowest to highest in one comparison, that is mostly foreseen: two cost three times as much.
    if (key - lowest > highest - lowest || !matches.has(row)) {
      continue;
    }
    const std::size_t place = next[key]++;
    if (place >= first && place - first < count) {
      ids[place - first] = m_ids[row];
      ++found;
    }
  }
  return ids;
}

std::vector<Id> ListColumns::by_one(const Matches& matches, const Ordering& order,
                                    std::span<const std::uint32_t> people, std::size_t first,
                                    std::size_t count) const {
  switch (order.key) {
    case ListKey::id:
      return by_id(matches, first, count);
    case ListKey::date:
      return m_dates_rise ? by_id(matches, first, count)
                          : by_order(m_by_date, matches, first, count);
    case ListKey::name:
      return by_order(m_by_name, matches, first, count);
    default:
      break;
  }
  std::vector<Id> ids;
  with_key(order, people, [&](const auto& key_of, std::size_t keys) {
    if constexpr (std::is_unsigned_v<decltype(key_of(0))>) {  // those that can be counted
      ids = by_key(matches, keys, key_of, first, count);
    }
  });
  return ids;
}

std::optional<Selection> ListColumns::select(const ListQuery& query,
                                             std::span<const Ordering> order,
                                             std::span<const std::uint32_t> people,
                                             Slice slice) const {
  if (m_largest_submitter > k_largest_submitter) {
    return std::nullopt;
  }
  Matches matches = match(query);
  if (!query.words.empty()) {
    search(matches, query.words);
  }
  Selection result;
  result.total = matches.total;
  if (slice.offset >= matches.total || slice.limit == 0) {
    return result;
  }
  const std::size_t count = std::min<std::size_t>(slice.limit, matches.total - slice.offset);
  const auto offset = static_cast<std::size_t>(slice.offset);
  result.ids = by_several(matches, order, people, offset, count);
  return result;
}

std::vector<Id> ListColumns::users(const ListQuery& query) const {
  std::vector<Id> ids;
  if (m_users.empty()) {
    return ids;
  }
  Matches matches = match(query);
  if (!query.words.empty()) {
    search(matches, query.words);
  }
  std::vector<std::uint8_t> seen(m_user_codes.size());
  matches.each(m_ids.size(), [&](std::size_t row) { seen[m_users[row]] = 1; });
  for (std::size_t code = 0; code < seen.size(); ++code) {
    if (seen[code] != 0 && m_user_codes.ids()[code] != 0) {
      ids.push_back(m_user_codes.ids()[code]);
    }
  }
  return ids;
}

}  // namespace patchmill::registry
