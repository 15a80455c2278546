#pragma once
// A stable 64-bit hash for lookup keys kept in the store. Not for anything a forger gains by.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace patchmill::tracker {

class Hash64 {
 public:
  // Feeds a field; fields are delimited, so ("ab","c") differs from ("a","bc").
  Hash64& add(std::string_view text) {
    add(text.size());
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
      mix(little_endian(text.substr(at, 8)));
    }
    if (at < text.size()) {
      mix(little_endian(text.substr(at)));
    }
    return *this;
  }
  Hash64& add(std::uint64_t value) {
    mix(value);
    return *this;
  }
  // As the store keeps it.
  [[nodiscard]] std::int64_t value() const {
    std::uint64_t h = m_state;
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93ULL;
    h ^= h >> 32;
    return static_cast<std::int64_t>(h);
  }

 private:
  static std::uint64_t little_endian(std::string_view bytes) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      word |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    return word;
  }
  void mix(std::uint64_t word) {
    m_state = (m_state ^ word) * 0x9e3779b97f4a7c15ULL;
    m_state ^= m_state >> 29;
  }
  std::uint64_t m_state = 0x51ed270b7d2f3a6bULL;
};

}  // namespace patchmill::tracker
