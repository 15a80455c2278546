#include "util/unjumped_clock.hpp"

#include <algorithm>

namespace patchmill {

Timestamp UnjumpedClock::now() const {
  const auto passed = std::chrono::steady_clock::now() - m_steady;
  return std::min(m_clock.now(),
                  m_begun + std::chrono::duration_cast<std::chrono::microseconds>(passed));
}

}  // namespace patchmill
