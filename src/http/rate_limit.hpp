#pragma once
// Token buckets in a bounded table, and the slow-down of those who fail to log in.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace patchmill::http {

using SteadyTime = std::chrono::steady_clock::time_point;

// Thread-safe. Each key (an address, a token) has a bucket of its own; when the table is full the
// bucket that was used longest ago is forgotten.
class RateLimiter {
 public:
  struct Rule {
    double per_second = 10;
    double burst = 50;  // most at once
    std::size_t most_keys = 100'000;
  };
  explicit RateLimiter(Rule rule) : m_rule(rule) {}

  // Takes one from the key's bucket: nothing when it was there, else how long until it will be.
  std::optional<std::chrono::seconds> take(std::string_view key,
                                           SteadyTime now = std::chrono::steady_clock::now());
  [[nodiscard]] std::size_t keys() const;

 private:
  struct Bucket {
    std::string key;
    double level;
    SteadyTime at;
  };
  const Rule m_rule;
  mutable std::mutex m_mutex;
  std::list<Bucket> m_used;  // newest first
  std::unordered_map<std::string_view, std::list<Bucket>::iterator> m_buckets;
};

// After `free` failures a key has to wait 1, 2, 4, … s, at most `longest`, before the next try is
// looked at; twice `longest` without a failure forgives. Success does not, or whoever has one right
// secret could guess others between its uses; instead, a secret that was right for the key before
// does not wait. Secrets are given as their hashes; of the keys and of these pairs those used
// longest ago are forgotten.
class FailureGate {
 public:
  struct Rule {
    unsigned free = 5;
    std::chrono::seconds longest{300};
    std::size_t most_keys = 100'000;
  };
  FailureGate() : FailureGate(Rule{}) {}
  explicit FailureGate(Rule rule) : m_rule(rule) {}

  // How long the key has to wait before it may try this secret; none: now.
  std::optional<std::chrono::seconds> blocked(
      std::string_view key, std::string_view secret,
      SteadyTime now = std::chrono::steady_clock::now()) const;
  void failed(std::string_view key, std::string_view secret,
              SteadyTime now = std::chrono::steady_clock::now());
  void succeeded(std::string_view key, std::string_view secret);

 private:
  struct Entry {
    std::string key;
    unsigned failures = 0;
    SteadyTime last, until;
  };
  const Rule m_rule;
  mutable std::mutex m_mutex;
  std::list<Entry> m_used;
  std::unordered_map<std::string_view, std::list<Entry>::iterator> m_entries;
  std::list<std::string> m_right_used;  // key and secret, newest first
  std::unordered_map<std::string_view, std::list<std::string>::iterator> m_right;
};

}  // namespace patchmill::http
