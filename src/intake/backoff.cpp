#include "intake/backoff.hpp"

#include <algorithm>

namespace patchmill::intake {

std::chrono::milliseconds Backoff::with_chance(std::chrono::milliseconds wait) {
  std::uniform_int_distribution<std::int64_t> part(0, wait.count() / 4);
  return wait - std::chrono::milliseconds(part(m_random));
}

std::chrono::milliseconds Backoff::failed(Time now) {
  if (m_works && now - m_works_since >= m_options.recovery) {
    m_failures = 0;
  }
  m_works = false;
  auto wait = m_options.first;
  for (unsigned i = 0; i < m_failures && wait < m_options.longest; ++i) {
    wait *= 2;
  }
  ++m_failures;
  return with_chance(std::min(wait, m_options.longest));
}

std::chrono::milliseconds Backoff::failed_for_long(Time now) {
  failed(now);
  return with_chance(m_options.longest);
}

void Backoff::succeeded(Time now) {
  if (!m_works) {
    m_works = true;
    m_works_since = now;
  }
  if (now - m_works_since >= m_options.recovery) {
    m_failures = 0;
  }
}

}  // namespace patchmill::intake
