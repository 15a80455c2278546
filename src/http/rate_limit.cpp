#include "http/rate_limit.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace patchmill::http {
namespace {

std::chrono::seconds round_up(std::chrono::duration<double> time) {
  return std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(time));
}

// Hashes have one length, so that two pairs are never one text.
std::string pair_of(std::string_view key, std::string_view secret) {
  return std::string(key) + std::string(secret);
}

}  // namespace

std::optional<std::chrono::seconds> RateLimiter::take(std::string_view key, SteadyTime now) {
  const std::lock_guard lock(m_mutex);
  const auto found = m_buckets.find(key);
  if (found == m_buckets.end()) {
    if (m_buckets.size() >= m_rule.most_keys && !m_used.empty()) {
      m_buckets.erase(m_used.back().key);
      m_used.pop_back();
    }
    m_used.push_front({std::string(key), m_rule.burst, now});
    m_buckets.emplace(m_used.front().key, m_used.begin());
  } else {
    m_used.splice(m_used.begin(), m_used, found->second);
  }
  Bucket& bucket = m_used.front();
  const std::chrono::duration<double> since = std::max(now - bucket.at, SteadyTime::duration{0});
  bucket.level = std::min(m_rule.burst, bucket.level + since.count() * m_rule.per_second);
  bucket.at = now;
  if (bucket.level >= 1) {
    bucket.level -= 1;
    return std::nullopt;
  }
  const double missing = 1 - bucket.level;
  return round_up(std::chrono::duration<double>(
      m_rule.per_second > 0 ? std::min(missing / m_rule.per_second, 86400.0) : 86400.0));
}

std::size_t RateLimiter::keys() const {
  const std::lock_guard lock(m_mutex);
  return m_buckets.size();
}

std::optional<std::chrono::seconds> FailureGate::blocked(std::string_view key,
                                                         std::string_view secret,
                                                         SteadyTime now) const {
  const std::lock_guard lock(m_mutex);
  const auto found = m_entries.find(key);
  if (found == m_entries.end() || found->second->until <= now ||
      m_right.contains(pair_of(key, secret))) {
    return std::nullopt;
  }
  return round_up(found->second->until - now);
}

void FailureGate::failed(std::string_view key, std::string_view secret, SteadyTime now) {
  const std::lock_guard lock(m_mutex);
  if (const auto right = m_right.find(pair_of(key, secret)); right != m_right.end()) {
    const auto pair = right->second;  // revoked since
    m_right.erase(right);
    m_right_used.erase(pair);
  }
  const auto found = m_entries.find(key);
  if (found == m_entries.end()) {
    if (m_entries.size() >= m_rule.most_keys && !m_used.empty()) {
      m_entries.erase(m_used.back().key);
      m_used.pop_back();
    }
    m_used.push_front({std::string(key), 0, now, now});
    m_entries.emplace(m_used.front().key, m_used.begin());
  } else {
    m_used.splice(m_used.begin(), m_used, found->second);
  }
  Entry& entry = m_used.front();
  if (now - entry.last > 2 * m_rule.longest) {
    entry.failures = 0;
  }
  entry.last = now;
  entry.failures += entry.failures < 1000 ? 1 : 0;
  if (entry.failures > m_rule.free) {
    const unsigned doublings = std::min(entry.failures - m_rule.free - 1, 30u);
    entry.until =
        now + std::min(m_rule.longest, std::chrono::seconds(std::int64_t{1} << doublings));
  }
}

void FailureGate::succeeded(std::string_view key, std::string_view secret) {
  std::string pair = pair_of(key, secret);
  const std::lock_guard lock(m_mutex);
  if (const auto found = m_right.find(pair); found != m_right.end()) {
    m_right_used.splice(m_right_used.begin(), m_right_used, found->second);
    return;
  }
  if (m_right.size() >= m_rule.most_keys && !m_right_used.empty()) {
    m_right.erase(m_right_used.back());
    m_right_used.pop_back();
  }
  m_right_used.push_front(std::move(pair));
  m_right.emplace(m_right_used.front(), m_right_used.begin());
}

}  // namespace patchmill::http
