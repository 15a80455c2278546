#pragma once
// How long to leave alone what just failed.

#include <chrono>
#include <cstdint>
#include <random>

namespace patchmill::intake {

struct BackoffOptions {
  std::chrono::milliseconds first{1000};
  std::chrono::milliseconds longest = std::chrono::minutes(5);
  // What works for less than this between two failures did not really work.
  std::chrono::milliseconds recovery = std::chrono::seconds(30);
};

// Doubles with each failure in a row up to the longest; a quarter of each wait is chance, so that
// many clients of a server do not come back together.
class Backoff {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Backoff(BackoffOptions options = {}, std::uint32_t seed = std::random_device{}())
      : m_options(options), m_random(seed) {}

  // Counts a failure; how long to wait before the next attempt.
  std::chrono::milliseconds failed(Time now);
  // A failure that trying again will not mend soon (a wrong password): waits as long as it gets.
  std::chrono::milliseconds failed_for_long(Time now);
  void succeeded(Time now);
  [[nodiscard]] unsigned failures() const { return m_failures; }  // in a row

 private:
  std::chrono::milliseconds with_chance(std::chrono::milliseconds wait);

  BackoffOptions m_options;
  std::minstd_rand m_random;
  unsigned m_failures = 0;
  bool m_works = true;
  Time m_works_since{};
};

}  // namespace patchmill::intake
