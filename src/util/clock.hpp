#pragma once
// Time as a seam: everything that needs "now" takes a Clock.

#include <chrono>
#include <cstdint>
#include <string>

namespace patchmill {

// Microseconds since 1970-01-01 UTC; the only representation of a moment in memory.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

// The stored form (BIGINT columns hold microseconds since the epoch, UTC).
constexpr std::int64_t to_micros(Timestamp time) {
  return time.time_since_epoch().count();
}
constexpr Timestamp from_micros(std::int64_t micros) {
  return Timestamp(std::chrono::microseconds(micros));
}

// "2026-11-20T09:30:00" (UTC, no zone), as the Patchwork REST API writes dates.
std::string to_iso(Timestamp time);

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Timestamp now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override;
};

// A clock that moves only when told to.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start = Timestamp{}) : m_now(start) {}
  [[nodiscard]] Timestamp now() const override { return m_now; }
  void advance(std::chrono::microseconds by) { m_now += by; }

 private:
  Timestamp m_now;
};

}  // namespace patchmill
