// Which rows fit a query.
#include "registry/list_matches.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <functional>

namespace patchmill::registry {
namespace {

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

ListColumns::Matches ListColumns::match(const ListQuery& query) const {
  Matches matches;
  const std::size_t size = m_ids.size();
  const OneOf<std::uint16_t> projects(!query.projects.empty(), m_project_codes.of(query.projects),
                                      m_project_codes.size());
  const auto user_codes = m_user_codes.of(query.users);
  // Where nobody has one, the column is not there.
  const bool all_users =
      query.users.empty() ||
      (m_users.empty() && std::find(user_codes.begin(), user_codes.end(), 0u) != user_codes.end());
  const OneOf<std::uint16_t> users(
      !all_users, m_users.empty() ? std::vector<std::uint32_t>() : user_codes, m_user_codes.size());
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
  matches.bits.resize((size + k_block - 1) / k_block * (k_block / 64));
  matches.counts.reserve(size / k_block + 1);
  Keep keep;
  for (std::size_t begin = 0; begin < size; begin += k_block) {
    const std::size_t count = std::min(k_block, size - begin);
    keep.fill(0);
    std::fill_n(keep.begin(), count, std::uint8_t{1});
    marks.narrow_to(keep, &m_marks[begin], count);
    projects.narrow_to(keep, &m_projects[begin], count);
    users.narrow_to(keep, m_users.data() + std::min(begin, m_users.size()), count);
    submitters.narrow_to(keep, m_submitters.data() + std::min(begin, m_submitters.size()), count);
    if (query.date.from) {
      m_dates.with_bound(begin, *query.date.from, [&](const auto* dates, std::int64_t from) {
        narrow(keep, dates, count, [from](std::int64_t date) { return date >= from; });
      });
    }
    if (query.date.until) {
      m_dates.with_bound(begin, *query.date.until, [&](const auto* dates, std::int64_t until) {
        narrow(keep, dates, count, [until](std::int64_t date) { return date < until; });
      });
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
  const auto known = m_searches->find(m_names.changes(), words);
  if (known && known->size() == blocks * (k_block / 64)) {  // else rows without names have come
    if (matches.all) {
      matches.bits = *known;
    } else {
      std::transform(matches.bits.begin(), matches.bits.end(), known->begin(), matches.bits.begin(),
                     std::bit_and());
    }
  } else if (matches.all) {
    matches.bits.assign(blocks * (k_block / 64), 0);
    std::fill_n(matches.bits.begin(), m_ids.size() / 64, ~std::uint64_t{0});
    if (m_ids.size() % 64 != 0) {
      matches.bits[m_ids.size() / 64] = (std::uint64_t{1} << (m_ids.size() % 64)) - 1;
    }
    m_names.keep(matches.bits, words);
    m_searches->keep(m_names.changes(), words,
                     std::make_shared<const NameSearches::Rows>(matches.bits));
  } else {
    m_names.keep(matches.bits, words);
  }
  matches.all = false;
  matches.counts.assign(blocks, 0);
  matches.total = 0;
  for (std::size_t word = 0; word < matches.bits.size(); ++word) {
    const auto kept = static_cast<std::uint32_t>(std::popcount(matches.bits[word]));
    matches.counts[word / (k_block / 64)] += kept;
    matches.total += kept;
  }
}

}  // namespace patchmill::registry
