#pragma once
// A date for every row of a list.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace patchmill::registry {

// Microseconds since 1970. 4 bytes each as long as all are whole seconds, as those of mails are;
// 8 bytes from the first one on that is not.
class DateColumn {
 public:
  [[nodiscard]] std::size_t size() const { return m_small ? m_seconds.size() : m_micros.size(); }
  [[nodiscard]] std::size_t bytes() const {
    return m_seconds.capacity() * sizeof(m_seconds[0]) + m_micros.capacity() * sizeof(m_micros[0]);
  }
  [[nodiscard]] std::int64_t operator[](std::size_t row) const {
    return m_small ? std::int64_t{m_seconds[row]} * k_second : m_micros[row];
  }
  void reserve(std::size_t rows);
  void add(std::int64_t date);
  void set(std::size_t row, std::int64_t date);

  // Calls test(dates of the rows from `begin` on, the smallest of their numbers that is not before
  // `date`), whatever these numbers are.
  template <class Test>
  void with_bound(std::size_t begin, std::int64_t date, const Test& test) const {
    if (m_small) {
      test(m_seconds.data() + begin, date / k_second + (date % k_second > 0 ? 1 : 0));
    } else {
      test(m_micros.data() + begin, date);
    }
  }

 private:
  static constexpr std::int64_t k_second = 1'000'000;
  static bool is_small(std::int64_t date) {
    return date >= 0 && date % k_second == 0 &&
           date / k_second <= std::int64_t{std::numeric_limits<std::uint32_t>::max()};
  }
  void widen();

  bool m_small = true;
  std::vector<std::uint32_t> m_seconds;  // while all are small
  std::vector<std::int64_t> m_micros;    // afterwards
};

}  // namespace patchmill::registry
