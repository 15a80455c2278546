#include "registry/name_index.hpp"

#include "util/text.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <functional>
#include <limits>
#include <numeric>

namespace patchmill::registry {
namespace {

constexpr std::size_t k_rows = 64;  // of a block
constexpr unsigned k_row_bits = 6;
constexpr std::uint32_t k_free = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t k_most_codes = 1u << (32 - k_row_bits);
constexpr std::size_t k_few = 3;             // as many rows are cheaper one by one than as 64 bits
constexpr std::size_t k_at_once = 8;         // words that are looked for in one pass, and
constexpr std::size_t k_bytes_at_once = 64;  // their bytes

// A row set for each of the words looked for at once.
struct alignas(64) Lanes {
  std::array<std::uint64_t, k_at_once> of{};
};

// For every set of words those lanes all ones: no branches, which nobody could foretell.
constexpr std::array<Lanes, 256> k_masks = [] {
  std::array<Lanes, 256> masks{};
  for (std::size_t marks = 0; marks < masks.size(); ++marks) {
    for (std::size_t lane = 0; lane < k_at_once; ++lane) {
      masks[marks].of[lane] = (marks >> lane & 1) != 0 ? ~std::uint64_t{0} : 0;
    }
  }
  return masks;
}();

bool parts(char c) {
  return c == ',' || c == ' ' || (c >= '\t' && c <= '\r');
}

// By a sixteenth: doubling would leave half of the memory unused.
template <class Container>
void make_room(Container& container, std::size_t more) {
  const std::size_t need = container.size() + more;
  if (need > container.capacity()) {
    container.reserve(need + need / 16);
  }
}

// Marks the words of `text` (a newline behind each) that `part` is in.
template <class Mark>
void find_one(const std::string& text, std::span<const std::uint32_t> begins,
              const std::string& part, const Mark& mark) {
  std::size_t code = 0;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    const auto* hit = static_cast<const char*>(
        ::memmem(at, static_cast<std::size_t>(end - at), part.data(), part.size()));
    if (hit == nullptr) {
      return;
    }
    const auto place = static_cast<std::size_t>(hit - text.data());
    while (code + 1 < begins.size() && begins[code + 1] <= place) {
      ++code;
    }
    mark(code, std::uint8_t{1});
    at = code + 1 < begins.size() ? text.data() + begins[code + 1] : end;
  }
}

// The same for some parts at once, of together at most 64 bytes: a bit for every byte of theirs
// says whether what has been read ends with the part up to there (the shift-and algorithm).
template <class Mark>
void find_some(const std::string& text, std::span<const std::string> wanted, const Mark& mark) {
  std::array<std::uint64_t, 256> fits{};
  std::uint64_t starts = 0, ends = 0;
  std::array<std::uint8_t, k_bytes_at_once> ended{};
  unsigned bit = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    starts |= std::uint64_t{1} << bit;
    for (const char c : wanted[i]) {
      fits.at(static_cast<unsigned char>(c)) |= std::uint64_t{1} << bit++;
    }
    ends |= std::uint64_t{1} << (bit - 1);
    ended.at(bit - 1) = static_cast<std::uint8_t>(1u << i);
  }
  std::uint64_t state = 0;
  std::size_t code = 0;
  for (const char c : text) {
    state = (state << 1 | starts) & fits[static_cast<unsigned char>(c)];
    for (std::uint64_t hits = state & ends; hits != 0; hits &= hits - 1) {
      mark(code, ended[static_cast<std::size_t>(std::countr_zero(hits))]);
    }
    code += c == '\n' ? 1u : 0u;
  }
}

}  // namespace

std::string_view NameIndex::word_at(Code code) const {
  const std::size_t begin = m_begins[code];
  const std::size_t end = code + 1 < m_begins.size() ? m_begins[code + 1] : m_text.size();
  return std::string_view(m_text).substr(begin, end - begin - 1);
}

void NameIndex::make_room_for_words() {
  if (m_begins.size() * 4 < m_slots.size() * 3) {
    return;
  }
  m_slots.assign(std::max<std::size_t>(m_slots.size() * 2, 1024), k_free);
  for (Code code = 0; code < m_begins.size(); ++code) {
    std::size_t slot = std::hash<std::string_view>()(word_at(code));
    while (m_slots[slot & (m_slots.size() - 1)] != k_free) {
      ++slot;
    }
    m_slots[slot & (m_slots.size() - 1)] = code;
  }
}

NameIndex::Code NameIndex::code_of(std::string_view word) {
  make_room_for_words();
  std::size_t slot = std::hash<std::string_view>()(word) & (m_slots.size() - 1);
  for (; m_slots[slot] != k_free; slot = (slot + 1) & (m_slots.size() - 1)) {
    if (word_at(m_slots[slot]) == word) {
      return m_slots[slot];
    }
  }
  m_slots[slot] = static_cast<Code>(m_begins.size());
  make_room(m_begins, 1);
  m_begins.push_back(static_cast<std::uint32_t>(m_text.size()));
  make_room(m_text, word.size() + 1);
  m_text.append(word).push_back('\n');
  return m_slots[slot];
}

// Appends what the name has, each word once.
bool NameIndex::read_codes(std::string_view name, std::uint32_t row, Words& words) {
  const auto first = static_cast<std::ptrdiff_t>(words.size());
  const std::string text = to_lower(name);
  for (auto begin = text.begin(); begin != text.end();) {
    begin = std::find_if_not(begin, text.end(), parts);
    const auto end = std::find_if(begin, text.end(), parts);
    if (begin != end) {
      if (m_begins.size() == k_most_codes ||
          m_text.size() + text.size() >= std::numeric_limits<std::uint32_t>::max()) {
        return false;
      }
      words.push_back(code_of({begin, end}) << k_row_bits | row);
    }
    begin = end;
  }
  std::sort(words.begin() + first, words.end());
  words.erase(std::unique(words.begin() + first, words.end()), words.end());
  return true;
}

// add(code, the rows that have the word, a bit each)
template <class Add>
void NameIndex::each_word(std::size_t block, const Add& add) const {
  const auto one_by_one = [&](std::span<const std::uint32_t> words) {
    for (const std::uint32_t word : words) {
      add(word >> k_row_bits, std::uint64_t{1} << (word % k_rows));
    }
  };
  if (block == m_places.size()) {
    return one_by_one(m_last);
  }
  const std::uint32_t* at = m_blocks.data() + m_places[block];
  const std::size_t few = *at++, many = *at++;
  one_by_one({at, few});
  at += few;
  for (std::size_t i = 0; i < many; ++i, at += 3) {
    add(at[0], std::uint64_t{at[1]} << 32 | at[2]);
  }
}

NameIndex::Words NameIndex::words_of(std::size_t block) const {
  Words words;
  each_word(block, [&](Code code, std::uint64_t rows) {
    for (; rows != 0; rows &= rows - 1) {
      words.push_back(code << k_row_bits | static_cast<std::uint32_t>(std::countr_zero(rows)));
    }
  });
  return words;
}

void NameIndex::store(std::size_t block, Words words) {
  std::sort(words.begin(), words.end());
  Words few, many;
  for (auto begin = words.begin(); begin != words.end();) {
    const auto end = std::find_if(begin, words.end(), [&](std::uint32_t word) {
      return word >> k_row_bits != *begin >> k_row_bits;
    });
    if (static_cast<std::size_t>(end - begin) <= k_few) {
      few.insert(few.end(), begin, end);
    } else {
      std::uint64_t rows = 0;
      std::for_each(begin, end,
                    [&](std::uint32_t word) { rows |= std::uint64_t{1} << (word % k_rows); });
      many.insert(many.end(), {*begin >> k_row_bits, static_cast<std::uint32_t>(rows >> 32),
                               static_cast<std::uint32_t>(rows)});
    }
    begin = end;
  }
  if (block == m_places.size()) {
    m_places.emplace_back();
  } else {
    m_garbage += 2 + m_blocks[m_places[block]] + std::size_t{m_blocks[m_places[block] + 1]} * 3;
  }
  m_places[block] = static_cast<std::uint32_t>(m_blocks.size());
  make_room(m_blocks, 2 + few.size() + many.size());
  m_blocks.push_back(static_cast<std::uint32_t>(few.size()));
  m_blocks.push_back(static_cast<std::uint32_t>(many.size() / 3));
  m_blocks.insert(m_blocks.end(), few.begin(), few.end());
  m_blocks.insert(m_blocks.end(), many.begin(), many.end());
  drop_garbage();
}

void NameIndex::drop_garbage() {
  if (m_garbage < 1024 || m_garbage < m_blocks.size() / 4) {
    return;
  }
  std::vector<std::uint32_t> blocks;
  blocks.reserve(m_blocks.size() - m_garbage);
  for (std::uint32_t& place : m_places) {
    const auto begin = m_blocks.begin() + place;
    place = static_cast<std::uint32_t>(blocks.size());
    blocks.insert(blocks.end(), begin, begin + 2 + begin[0] + std::ptrdiff_t{begin[1]} * 3);
  }
  m_blocks = std::move(blocks);
  m_garbage = 0;
}

bool NameIndex::put(std::size_t row, std::string_view name) {
  const std::size_t block = row / k_rows;
  for (; m_places.size() < block; m_last.clear()) {
    store(m_places.size(), std::move(m_last));
  }
  const auto in_block = static_cast<std::uint32_t>(row % k_rows);
  Words now;
  if (!read_codes(name, in_block, now)) {
    return false;
  }
  if (row >= m_size) {
    ++m_changes;
    m_size = row + 1;
    m_last.insert(m_last.end(), now.begin(), now.end());
    return m_blocks.size() < k_free;
  }
  Words words = words_of(block);
  const auto others = std::partition(words.begin(), words.end(),
                                     [&](std::uint32_t word) { return word % k_rows != in_block; });
  std::sort(others, words.end());
  if (std::equal(others, words.end(), now.begin(), now.end())) {
    return true;
  }
  ++m_changes;
  words.erase(others, words.end());
  words.insert(words.end(), now.begin(), now.end());
  if (block == m_places.size()) {
    m_last = std::move(words);
  } else {
    store(block, std::move(words));
  }
  return m_blocks.size() < k_free;
}

std::size_t NameIndex::bytes() const {
  return m_text.capacity() + 4 * (m_begins.capacity() + m_slots.capacity() + m_blocks.capacity() +
                                  m_places.capacity() + m_last.capacity());
}

NameIndex::Marks NameIndex::mark(std::span<const std::string> words) const {
  Marks marks(m_begins.size());
  const auto note = [&](std::size_t code, std::uint8_t word) {
    marks[code] = static_cast<std::uint8_t>(marks[code] | word);
  };
  if (words.size() == 1) {
    find_one(m_text, m_begins, words[0], note);
  } else {
    find_some(m_text, words, note);
  }
  return marks;
}

template <std::size_t k_lanes>
std::uint64_t NameIndex::with_all(std::size_t block, const Marks& marks, std::size_t count) const {
  std::array<std::uint64_t, k_lanes> have{};
  each_word(block, [&](Code code, std::uint64_t of) {
    const Lanes& mask = k_masks[marks[code]];
    for (std::size_t lane = 0; lane < k_lanes; ++lane) {
      have[lane] |= of & mask.of[lane];
    }
  });
  return std::accumulate(have.begin(), have.begin() + static_cast<std::ptrdiff_t>(count),
                         ~std::uint64_t{0}, std::bit_and());
}

void NameIndex::keep(std::span<std::uint64_t> rows, std::vector<std::string> words) const {
  for (std::string& word : words) {
    word = to_lower(word);
  }
  // What many names have is looked for last: perhaps no rows are left then. What is part of another
  // word is there with that.
  std::sort(words.begin(), words.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
  std::vector<std::string> needed;
  for (std::string& word : words) {
    if (std::none_of(needed.begin(), needed.end(), [&](const std::string& other) {
          return other.find(word) != std::string::npos;
        })) {
      needed.push_back(std::move(word));
    }
  }
  words = std::move(needed);
  for (std::size_t begin = 0, end = 0; begin < words.size(); begin = end) {
    for (std::size_t bytes = 0; end < words.size() && end - begin < k_at_once; ++end) {
      bytes += words[end].size();
      if (end > begin && bytes > k_bytes_at_once) {
        break;
      }
    }
    const std::size_t count = end - begin;
    const Marks marks = mark(std::span(words).subspan(begin, count));
    bool left = false;
    for (std::size_t block = 0; block < rows.size(); ++block) {
      if (rows[block] == 0) {
        continue;
      }
      if (block > m_places.size()) {
        rows[block] = 0;
      } else if (count == 1) {
        std::uint64_t have = 0;
        // 0 or 1, as all ones.
        each_word(block, [&](Code code, std::uint64_t of) {
          have |= of & (std::uint64_t{0} - marks[code]);
        });
        rows[block] &= have;
      } else if (count == 2) {
        rows[block] &= with_all<2>(block, marks, count);
      } else {
        rows[block] &= with_all<k_at_once>(block, marks, count);
      }
      left = left || rows[block] != 0;
    }
    if (!left) {
      return;
    }
  }
}

}  // namespace patchmill::registry
