#include "service/series_queue.hpp"

namespace patchmill::service {

void SeriesQueue::add(const Look& look) {
  const auto [known, is_new] = m_looks.try_emplace(look.series, look);
  known->second.again = known->second.again || look.again;
  known->second.given_up = known->second.given_up || look.given_up;
  if (is_new || m_behind.erase(look.series) > 0) {
    m_order.push_back(look.series);
  }
}

void SeriesQueue::add_behind(std::int64_t series) {
  if (m_looks.try_emplace(series, Look{.series = series}).second) {
    m_behind.insert(series);
  }
}

void SeriesQueue::forget(std::int64_t series) {
  if (m_looks.erase(series) > 0 && m_behind.erase(series) == 0) {
    std::erase(m_order, series);
  }
}

std::optional<SeriesQueue::Look> SeriesQueue::take() {
  std::int64_t next = 0;
  if (!m_order.empty()) {
    next = m_order.front();
    m_order.pop_front();
  } else if (!m_behind.empty()) {
    next = m_behind.extract(m_behind.begin()).value();
  } else {
    return std::nullopt;
  }
  return m_looks.extract(next).mapped();
}

}  // namespace patchmill::service
