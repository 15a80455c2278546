// The rows of one page by several keys, compared with each other.
#include "registry/list_matches.hpp"

#include <algorithm>
#include <bit>
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
  switch (order.key) {
    case ListKey::id:
      fill([](std::uint32_t row) { return row; });
      break;
    case ListKey::date:
      fill([&](std::uint32_t row) { return m_dates[row]; });
      break;
    case ListKey::name: {
      std::vector<std::uint32_t> places(m_ids.size());
      for (std::size_t place = 0; place < m_by_name.size(); ++place) {
        places[m_by_name[place]] = static_cast<std::uint32_t>(place);
      }
      fill([&](std::uint32_t row) { return places[row]; });
      break;
    }
    case ListKey::project: {
      const auto places = ranks_of(order.ranks, m_project_codes.ids());
      fill([&](std::uint32_t row) { return places[m_projects[row]]; });
      break;
    }
    case ListKey::kind: {
      const auto places = ranks_of(order.ranks, m_kind_codes.ids());
      fill([&](std::uint32_t row) { return places[m_marks[row] & 0x7Fu]; });
      break;
    }
    case ListKey::submitter:
      fill([&](std::uint32_t row) { return m_submitters.empty() ? 0u : m_submitters[row]; });
      break;
    case ListKey::submitter_name:
      fill([&](std::uint32_t row) {
        const std::size_t id = m_submitters.empty() ? 0 : m_submitters[row];
        return id < people.size() ? people[id] : 0u;
      });
      break;
    case ListKey::user_name: {
      const auto places = ranks_of(order.ranks, m_user_codes.ids());
      fill([&](std::uint32_t row) { return m_users.empty() ? 0u : places[m_users[row]]; });
      break;
    }
    case ListKey::flag:
      fill([&](std::uint32_t row) { return m_marks[row] >> 7; });
      break;
  }
  return keys;
}

std::vector<Id> ListColumns::by_several(const Matches& matches, std::span<const Ordering> order,
                                        std::span<const std::uint32_t> people, std::size_t first,
                                        std::size_t count) const {
  std::vector<std::uint32_t> rows;
  rows.reserve(matches.total);
  if (matches.all) {
    rows.resize(matches.total);
    std::iota(rows.begin(), rows.end(), 0u);
  } else {
    for (std::size_t word = 0; word < matches.bits.size(); ++word) {
      for (std::uint64_t bits = matches.bits[word]; bits != 0; bits &= bits - 1) {
        rows.push_back(static_cast<std::uint32_t>(
            word * 64 + static_cast<std::size_t>(std::countr_zero(bits))));
      }
    }
  }
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

}  // namespace patchmill::registry
