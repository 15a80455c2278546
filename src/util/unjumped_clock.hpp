#pragma once
// Age, for what cannot be undone.

#include "util/clock.hpp"

#include <chrono>

namespace patchmill {

// As the clock given, but not ahead of the time that has passed since it was made. For what cannot
// be undone: a system clock that is set far ahead must not make everything old at once.
class UnjumpedClock final : public Clock {
 public:
  explicit UnjumpedClock(const Clock& clock) : m_clock(clock), m_begun(clock.now()) {}
  [[nodiscard]] Timestamp now() const override;

 private:
  const Clock& m_clock;
  const Timestamp m_begun;
  const std::chrono::steady_clock::time_point m_steady = std::chrono::steady_clock::now();
};

}  // namespace patchmill
