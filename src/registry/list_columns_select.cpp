// The rows of one page, in the order asked for.
#include "registry/list_matches.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

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
  if (matches.all) {
    for (std::size_t row = 0; row < size; ++row) {
      ++next[key_of(row) + 1];
    }
  } else {
    for (std::size_t word = 0; word < matches.bits.size(); ++word) {
      for (std::uint64_t bits = matches.bits[word]; bits != 0; bits &= bits - 1) {
        ++next[key_of(word * 64 + static_cast<std::size_t>(std::countr_zero(bits))) + 1];
      }
    }
  }
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
    case ListKey::project: {
      const auto places = ranks_of(order.ranks, m_project_codes.ids());
      return by_key(
          matches, order.ranks.size() + 1, [&](std::size_t row) { return places[m_projects[row]]; },
          first, count);
    }
    case ListKey::kind: {
      const auto places = ranks_of(order.ranks, m_kind_codes.ids());
      return by_key(
          matches, order.ranks.size() + 1,
          [&](std::size_t row) { return places[m_marks[row] & 0x7Fu]; }, first, count);
    }
    case ListKey::submitter:
      return by_key(
          matches, std::size_t{m_largest_submitter} + 1,
          [&](std::size_t row) {
            return m_submitters.empty() ? 0 : std::size_t{m_submitters[row]};
          },
          first, count);
    case ListKey::submitter_name: {
      const std::size_t last = people.empty() ? 0 : *std::max_element(people.begin(), people.end());
      return by_key(
          matches, last + 1,
          [&](std::size_t row) {
            const std::size_t id = m_submitters.empty() ? 0 : m_submitters[row];
            return id < people.size() ? std::size_t{people[id]} : 0;
          },
          first, count);
    }
    case ListKey::user_name: {
      const auto places = ranks_of(order.ranks, m_user_codes.ids());
      return by_key(
          matches, order.ranks.size() + 1,
          [&](std::size_t row) { return m_users.empty() ? 0u : places[m_users[row]]; }, first,
          count);
    }
    case ListKey::flag:
      return by_key(
          matches, 2, [&](std::size_t row) { return std::size_t{m_marks[row]} >> 7; }, first,
          count);
  }
  return {};
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
  if (order.size() > 1) {
    result.ids = by_several(matches, order, people, offset, count);
    return result;
  }
  const bool descending = order.front().descending;
  const std::size_t first = descending ? matches.total - offset - count : offset;
  result.ids = by_one(matches, order.front(), people, first, count);
  if (descending) {
    std::reverse(result.ids.begin(), result.ids.end());
  }
  return result;
}

}  // namespace patchmill::registry
