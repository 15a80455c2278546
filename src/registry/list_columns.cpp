#include "registry/list_columns.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <numeric>

namespace patchmill::registry {
namespace {

constexpr std::size_t k_block = 1024;  // rows that are filtered at once
constexpr std::uint8_t k_flag = 0x80;
constexpr std::uint32_t k_largest_submitter = 1u << 24;  // to count one by one
constexpr auto k_largest = static_cast<Id>(std::numeric_limits<std::uint32_t>::max());

using Keep = std::array<std::uint8_t, k_block>;

template <class T, class Test>
void narrow(Keep& keep, const T* column, std::size_t count, const Test& test) {
  for (std::size_t i = 0; i < count; ++i) {
    keep[i] = static_cast<std::uint8_t>(keep[i] & static_cast<std::uint8_t>(test(column[i])));
  }
}

// One of few or many values; comparing is what the compiler makes vector instructions of.
template <class T>
class OneOf {
 public:
  // `asked`: whether anything was; `largest` is of what the column holds.
  OneOf(bool asked, const std::vector<std::uint32_t>& values, std::size_t largest)
      : m_asked(asked) {
    if (values.size() <= m_few.size()) {
      // Repeats fill it up; without any the column is compared with what it does not hold.
      for (std::size_t i = 0; i < m_few.size(); ++i) {
        m_few[i] = static_cast<T>(values.empty() ? 0 : values[std::min(i, values.size() - 1)]);
      }
      m_none = values.empty();
    } else {
      m_table.resize(largest + 1);
      for (const std::uint32_t value : values) {
        m_table[value] = 1;
      }
    }
  }
  [[nodiscard]] bool asked() const { return m_asked; }
  void narrow_to(Keep& keep, const T* column, std::size_t count) const {
    if (!m_asked) {
      return;
    }
    if (m_none) {
      keep.fill(0);
    } else if (m_table.empty()) {
      const T a = m_few[0], b = m_few[1], c = m_few[2];
      narrow(keep, column, count, [a, b, c](T value) {
        return static_cast<int>(value == a) | static_cast<int>(value == b) |
               static_cast<int>(value == c);
      });
    } else {
      narrow(keep, column, count, [this](T value) { return m_table[value]; });
    }
  }

 private:
  bool m_asked;
  bool m_none = false;
  std::array<T, 3> m_few{};
  std::vector<std::uint8_t> m_table;
};

// By a sixteenth: doubling would leave half of the memory unused.
std::size_t more_than(std::size_t size) {
  return size + size / 16 + k_block;
}

// The 0 or 1 of eight bytes as eight bits, the first one lowest.
std::uint64_t pack(const std::uint8_t* bytes) {
  std::uint64_t eight = 0;
  std::memcpy(&eight, bytes, sizeof eight);
  if constexpr (std::endian::native == std::endian::big) {
    eight = __builtin_bswap64(eight);
  }
  return eight * 0x0102040810204080u >> 56;
}

}  // namespace

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

std::uint32_t ListColumns::Codes::code(Id id) {
  const auto [entry, fresh] = m_codes.try_emplace(id, static_cast<std::uint32_t>(m_ids.size()));
  if (fresh) {
    m_ids.push_back(id);
  }
  return entry->second;
}

std::vector<std::uint32_t> ListColumns::Codes::of(std::span<const Id> ids) const {
  std::vector<std::uint32_t> codes;
  for (const Id id : ids) {
    if (const auto found = m_codes.find(id); found != m_codes.end()) {
      codes.push_back(found->second);
    }
  }
  return codes;
}

std::optional<std::size_t> ListColumns::Ids::find(Id id) const {
  if (m_ids.empty()) {
    return id >= m_first && id - m_first < static_cast<Id>(m_size)
               ? std::optional(static_cast<std::size_t>(id - m_first))
               : std::nullopt;
  }
  const auto place = std::lower_bound(m_ids.begin(), m_ids.end(), id);
  return place != m_ids.end() && *place == id
             ? std::optional(static_cast<std::size_t>(place - m_ids.begin()))
             : std::nullopt;
}

void ListColumns::Ids::add(Id id) {
  if (m_size == 0) {
    m_first = id;
  } else if (m_ids.empty() && id != newest() + 1) {
    m_ids.resize(m_size);
    std::iota(m_ids.begin(), m_ids.end(), static_cast<std::uint32_t>(m_first));
  }
  if (!m_ids.empty()) {
    if (m_ids.size() == m_ids.capacity()) {
      m_ids.reserve(more_than(m_ids.size()));
    }
    m_ids.push_back(static_cast<std::uint32_t>(id));
  }
  ++m_size;
}

bool ListColumns::write(std::size_t at, const Row& row) {
  const std::uint32_t project = m_project_codes.code(row.project);
  const std::uint32_t user = m_user_codes.code(row.user);
  const std::uint32_t kind = m_kind_codes.code(row.kind);
  constexpr std::uint32_t most = std::numeric_limits<std::uint16_t>::max();
  if (project > most || user > most || kind >= k_flag || row.submitter < 0 ||
      row.submitter > k_largest) {
    return false;
  }
  m_dates[at] = row.date;
  // While nobody has asked, all are placed at once.
  if (!m_by_name.empty() || m_unnamed.empty()) {
    m_unnamed.push_back(static_cast<std::uint32_t>(at));
  }
  if (row.submitter != 0 || !m_submitters.empty()) {
    m_submitters.resize(m_ids.size());
    m_submitters[at] = static_cast<std::uint32_t>(row.submitter);
    m_largest_submitter = std::max(m_largest_submitter, m_submitters[at]);
  }
  if ((!row.text.empty() || m_names.size() > 0) && !m_names.put(at, row.text)) {
    return false;
  }
  m_projects[at] = static_cast<std::uint16_t>(project);
  m_users[at] = static_cast<std::uint16_t>(user);
  m_marks[at] = static_cast<std::uint8_t>(kind | (row.flag ? k_flag : 0u));
  return true;
}

void ListColumns::grow() {
  if (m_dates.size() < m_dates.capacity()) {
    return;
  }
  const std::size_t room = more_than(m_dates.size());
  m_dates.reserve(room);
  m_projects.reserve(room);
  m_users.reserve(room);
  m_marks.reserve(room);
  if (!m_submitters.empty()) {
    m_submitters.reserve(room);
  }
}

bool ListColumns::put(const Row& row) {
  if (row.id < 0 || row.id > k_largest) {
    return false;
  }
  if (m_ids.size() > 0 && row.id <= newest()) {
    const auto at = m_ids.find(row.id);
    if (!at) {
      return false;
    }
    if (m_dates[*at] != row.date) {
      m_dates_rise = false;
      m_by_date.clear();  // rare: settle() begins anew
      m_unplaced.clear();
    }
    return write(*at, row);
  }
  const std::size_t at = m_ids.size();
  m_dates_rise = m_dates_rise && (at == 0 || m_dates.back() <= row.date);
  if (!m_by_date.empty()) {
    m_unplaced.push_back(static_cast<std::uint32_t>(at));
  }
  grow();
  m_ids.add(row.id);
  m_dates.emplace_back();
  m_projects.emplace_back();
  m_users.emplace_back();
  m_marks.emplace_back();
  return write(at, row);
}

bool ListColumns::earlier(std::uint32_t a, std::uint32_t b) const {
  return m_dates[a] != m_dates[b] ? m_dates[a] < m_dates[b] : a < b;
}

void ListColumns::settle() {
  const auto order = [&](std::uint32_t a, std::uint32_t b) { return earlier(a, b); };
  if (m_dates_rise) {
    return;
  }
  constexpr std::size_t few = 100;
  if (m_by_date.empty() || m_unplaced.size() > few) {
    m_by_date.resize(m_ids.size());
    std::iota(m_by_date.begin(), m_by_date.end(), 0u);
    std::sort(m_by_date.begin(), m_by_date.end(), order);
  } else {
    for (const std::uint32_t row : m_unplaced) {
      m_by_date.insert(std::upper_bound(m_by_date.begin(), m_by_date.end(), row, order), row);
    }
  }
  m_unplaced.clear();
}

std::size_t ListColumns::bytes() const {
  return m_ids.bytes() + m_dates.capacity() * 8 + m_submitters.capacity() * 4 +
         m_projects.capacity() * 2 + m_users.capacity() * 2 + m_marks.capacity() +
         (m_by_date.capacity() + m_by_name.capacity()) * 4 + m_names.bytes();
}

ListColumns::Matches ListColumns::match(const ListQuery& query) const {
  Matches matches;
  const std::size_t size = m_ids.size();
  const OneOf<std::uint16_t> projects(!query.projects.empty(), m_project_codes.of(query.projects),
                                      m_project_codes.size());
  const OneOf<std::uint16_t> users(!query.users.empty(), m_user_codes.of(query.users),
                                   m_user_codes.size());
  std::vector<std::uint32_t> people;
  for (const Id id : query.submitters) {
    if (id >= 0 && id <= Id{m_largest_submitter} && !m_submitters.empty()) {
      people.push_back(static_cast<std::uint32_t>(id));
    }
  }
  const OneOf<std::uint32_t> submitters(!query.submitters.empty(), people, m_largest_submitter);
  std::vector<std::uint32_t> wanted;
  for (std::uint32_t kind = 0; kind < m_kind_codes.size(); ++kind) {
    const Id id = m_kind_codes.ids()[kind];
    if (query.kinds.empty() ||
        std::find(query.kinds.begin(), query.kinds.end(), id) != query.kinds.end()) {
      for (const bool flag : {false, true}) {
        if (query.flag.value_or(flag) == flag) {
          wanted.push_back(kind | (flag ? k_flag : 0u));
        }
      }
    }
  }
  const OneOf<std::uint8_t> marks(!query.kinds.empty() || query.flag.has_value(), wanted, 255);
  if (!projects.asked() && !users.asked() && !submitters.asked() && !marks.asked() &&
      !query.date.from && !query.date.until) {
    matches.all = true;
    matches.total = size;
    return matches;
  }
  constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
  const std::int64_t from = query.date.from.value_or(lowest);
  matches.bits.resize((size + k_block - 1) / k_block * (k_block / 64));
  matches.counts.reserve(size / k_block + 1);
  Keep keep;
  for (std::size_t begin = 0; begin < size; begin += k_block) {
    const std::size_t count = std::min(k_block, size - begin);
    keep.fill(0);
    std::fill_n(keep.begin(), count, std::uint8_t{1});
    marks.narrow_to(keep, &m_marks[begin], count);
    projects.narrow_to(keep, &m_projects[begin], count);
    users.narrow_to(keep, &m_users[begin], count);
    submitters.narrow_to(keep, m_submitters.data() + std::min(begin, m_submitters.size()), count);
    if (query.date.from) {
      narrow(keep, &m_dates[begin], count, [&](std::int64_t date) { return date >= from; });
    }
    if (query.date.until) {
      narrow(keep, &m_dates[begin], count,
             [until = *query.date.until](std::int64_t date) { return date < until; });
    }
    std::uint32_t kept = 0;
    for (std::size_t word = 0; word < k_block / 64; ++word) {
      std::uint64_t bits = 0;
      for (std::size_t byte = 0; byte < 8; ++byte) {
        bits |= pack(&keep[word * 64 + byte * 8]) << (byte * 8);
      }
      matches.bits[begin / 64 + word] = bits;
      kept += static_cast<std::uint32_t>(std::popcount(bits));
    }
    matches.counts.push_back(kept);
    matches.total += kept;
  }
  return matches;
}

void ListColumns::search(Matches& matches, const std::vector<std::string>& words) const {
  const std::size_t blocks = (m_ids.size() + k_block - 1) / k_block;
  if (matches.all) {
    matches.all = false;
    matches.bits.assign(blocks * (k_block / 64), 0);
    std::fill_n(matches.bits.begin(), m_ids.size() / 64, ~std::uint64_t{0});
    if (m_ids.size() % 64 != 0) {
      matches.bits[m_ids.size() / 64] = (std::uint64_t{1} << (m_ids.size() % 64)) - 1;
    }
  }
  m_names.keep(matches.bits, words);
  matches.counts.assign(blocks, 0);
  matches.total = 0;
  for (std::size_t word = 0; word < matches.bits.size(); ++word) {
    const auto kept = static_cast<std::uint32_t>(std::popcount(matches.bits[word]));
    matches.counts[word / (k_block / 64)] += kept;
    matches.total += kept;
  }
}

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

void ListColumns::place_names(const NameSource& source) {
  std::vector<std::uint32_t> moved = std::move(m_unnamed);
  m_unnamed.clear();
  if (m_by_name.empty() || moved.size() > m_ids.size() / 8) {
    m_by_name.clear();
    m_by_name.reserve(m_ids.size());
    for (const Id id : source.all()) {
      if (const auto row = m_ids.find(id)) {  // else it has come since
        m_by_name.push_back(static_cast<std::uint32_t>(*row));
      }
    }
    return;
  }
  std::sort(moved.begin(), moved.end());
  moved.erase(std::unique(moved.begin(), moved.end()), moved.end());
  std::erase_if(m_by_name, [&](std::uint32_t row) {
    return std::binary_search(moved.begin(), moved.end(), row);
  });
  std::unordered_map<std::uint32_t, std::string> names;
  const auto name_of = [&](std::uint32_t row) -> const std::string& {
    const auto [entry, fresh] = names.try_emplace(row);
    if (fresh) {
      entry->second = source.name(m_ids[row]);
    }
    return entry->second;
  };
  const auto before = [&](std::uint32_t a, std::uint32_t b) {
    const int order = name_of(a).compare(name_of(b));
    return order != 0 ? order < 0 : a < b;
  };
  std::sort(moved.begin(), moved.end(), before);
  std::vector<std::uint32_t> merged;
  merged.reserve(m_ids.size());
  auto from = m_by_name.cbegin();
  for (const std::uint32_t row : moved) {
    const auto place = std::lower_bound(from, m_by_name.cend(), row, before);
    merged.insert(merged.end(), from, place);
    merged.push_back(row);
    from = place;
  }
  merged.insert(merged.end(), from, m_by_name.cend());
  m_by_name = std::move(merged);
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
    if (key < lowest || key > highest || !matches.has(row)) {
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

std::optional<Selection> ListColumns::select(const ListQuery& query, ListKey key, bool descending,
                                             const Ranks& ranks, Slice slice) const {
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
  // Rows that have no rank come first, as NULL does in SQLite: there are none.
  const auto ranks_of = [&](std::span<const Id> ids) {
    std::vector<std::uint32_t> result_ranks;
    for (const Id id : ids) {
      const auto found = ranks.find(id);
      result_ranks.push_back(found != ranks.end() ? found->second + 1 : 0u);
    }
    return result_ranks;
  };
  const std::size_t first =
      descending ? matches.total - slice.offset - count : static_cast<std::size_t>(slice.offset);
  switch (key) {
    case ListKey::id:
      result.ids = by_id(matches, first, count);
      break;
    case ListKey::date:
      result.ids =
          m_dates_rise ? by_id(matches, first, count) : by_order(m_by_date, matches, first, count);
      break;
    case ListKey::name:
      result.ids = by_order(m_by_name, matches, first, count);
      break;
    case ListKey::project: {
      const auto places = ranks_of(m_project_codes.ids());
      result.ids = by_key(
          matches, ranks.size() + 1, [&](std::size_t row) { return places[m_projects[row]]; },
          first, count);
      break;
    }
    case ListKey::kind: {
      const auto places = ranks_of(m_kind_codes.ids());
      result.ids = by_key(
          matches, ranks.size() + 1, [&](std::size_t row) { return places[m_marks[row] & 0x7Fu]; },
          first, count);
      break;
    }
    case ListKey::submitter:
      result.ids = by_key(
          matches, std::size_t{m_largest_submitter} + 1,
          [&](std::size_t row) {
            return m_submitters.empty() ? 0 : std::size_t{m_submitters[row]};
          },
          first, count);
      break;
    case ListKey::flag:
      result.ids = by_key(
          matches, 2, [&](std::size_t row) { return std::size_t{m_marks[row]} >> 7; }, first,
          count);
      break;
  }
  if (descending) {
    std::reverse(result.ids.begin(), result.ids.end());
  }
  return result;
}

}  // namespace patchmill::registry
