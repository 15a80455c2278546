#pragma once
// Which names have which words somewhere in them, letters of ASCII in any case. In memory: about 10
// to 30 bytes a name, and every different word once. Knows no store.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::registry {

class NameIndex {
 public:
  // The name of a new row, above all others, or another one of a known row. False: there are more
  // different words than fit in here, and nothing here can be relied on any more.
  [[nodiscard]] bool put(std::size_t row, std::string_view name);

  // Rows that have been put, and those between them.
  [[nodiscard]] std::size_t size() const { return m_size; }
  [[nodiscard]] std::size_t bytes() const;
  // How often a name came or changed.
  [[nodiscard]] std::uint64_t changes() const { return m_changes; }

  // Takes away the bits (64 rows each) of rows whose names do not have all of the words, in which
  // there is neither white space nor a comma: what these part is looked at by itself.
  void keep(std::span<std::uint64_t> rows, std::vector<std::string> words) const;

 private:
  using Code = std::uint32_t;                // of a word: its place in the order of appearance
  using Words = std::vector<std::uint32_t>;  // of a block: a code and 6 bits of the row each
  using Marks = std::vector<std::uint8_t>;   // of every code: which of up to 8 words are in it

  [[nodiscard]] Code code_of(std::string_view word);
  [[nodiscard]] std::string_view word_at(Code code) const;
  void make_room_for_words();
  [[nodiscard]] bool read_codes(std::string_view name, std::uint32_t row, Words& words);
  [[nodiscard]] Words words_of(std::size_t block) const;
  void store(std::size_t block, Words words);
  void drop_garbage();
  [[nodiscard]] Marks mark(std::span<const std::string> words) const;
  // The rows of a block that have all `count` words of the marks; at most k_lanes.
  template <std::size_t k_lanes>
  [[nodiscard]] std::uint64_t with_all(std::size_t block, const Marks& marks,
                                       std::size_t count) const;
  template <class Add>
  void each_word(std::size_t block, const Add& add) const;

  std::string m_text;                   // every word once, a newline behind each
  std::vector<std::uint32_t> m_begins;  // of the words in it
  std::vector<Code> m_slots;            // a hash table of codes; k_free where there is none
  // Blocks of 64 rows: how many words of few rows, these, and the words of many: code, 64 bits.
  std::vector<std::uint32_t> m_blocks, m_places;
  std::size_t m_garbage = 0;  // in m_blocks
  Words m_last;               // the last block, which still grows
  std::size_t m_size = 0;
  std::uint64_t m_changes = 0;
};

}  // namespace patchmill::registry
