#include "registry/date_column.hpp"

namespace patchmill::registry {

void DateColumn::reserve(std::size_t rows) {
  if (m_small) {
    m_seconds.reserve(rows);
  } else {
    m_micros.reserve(rows);
  }
}

void DateColumn::add(std::int64_t date) {
  if (m_small && !is_small(date)) {
    widen();
  }
  if (m_small) {
    m_seconds.push_back(static_cast<std::uint32_t>(date / k_second));
  } else {
    m_micros.push_back(date);
  }
}

void DateColumn::set(std::size_t row, std::int64_t date) {
  if (m_small && !is_small(date)) {
    widen();
  }
  if (m_small) {
    m_seconds[row] = static_cast<std::uint32_t>(date / k_second);
  } else {
    m_micros[row] = date;
  }
}

void DateColumn::widen() {
  m_micros.reserve(m_seconds.capacity());
  for (const std::uint32_t seconds : m_seconds) {
    m_micros.push_back(std::int64_t{seconds} * k_second);
  }
  m_seconds = std::vector<std::uint32_t>();  // gives its room back
  m_small = false;
}

}  // namespace patchmill::registry
