#include "pipeline/retry.hpp"

#include <algorithm>

namespace patchmill::pipeline {
namespace {

// splitmix64's finaliser: spreads neighbouring seeds evenly.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

int attempts_for(IncompleteCause cause, const RetryPolicy& policy) {
  switch (cause) {
    case IncompleteCause::infrastructure:
      return policy.infrastructure_attempts;
    case IncompleteCause::deadline:
    case IncompleteCause::memory:
      return policy.pressure_attempts;
    case IncompleteCause::limits:
    case IncompleteCause::missing_tool:
      return 1;
  }
  return 1;
}

}  // namespace

std::optional<std::chrono::seconds> retry_after(findings::Verdict verdict, IncompleteCause cause,
                                                int attempt, std::uint64_t seed,
                                                const RetryPolicy& policy) {
  if (verdict != findings::Verdict::incomplete || attempt < 1 ||
      attempt >= attempts_for(cause, policy)) {
    return std::nullopt;
  }
  auto delay = policy.first_delay;
  for (int i = 1; i < attempt && delay < policy.longest_delay; ++i) {
    delay *= policy.factor;
  }
  delay = std::min(delay, policy.longest_delay);
  const auto spread = static_cast<std::uint64_t>(delay.count() / 4 + 1);
  return delay +
         std::chrono::seconds(mix(seed * 31 + static_cast<std::uint64_t>(attempt)) % spread);
}

}  // namespace patchmill::pipeline
