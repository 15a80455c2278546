#pragma once
// How often another server is asked, and when it is left alone because it fails.

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::http {

struct HostRule {
  double requests_per_second = 10;  // 0: no bound
  double burst = 20;
  unsigned failures_to_open = 5;               // in a row; 0: never
  std::chrono::milliseconds cooldown{10'000};  // doubles with every failed trial
  std::chrono::milliseconds longest{600'000};
};

// Not thread-safe: belongs to the client's thread. Time is passed in.
class HostGuard {
 public:
  using Time = std::chrono::steady_clock::time_point;
  explicit HostGuard(HostRule rule) : m_rule(rule) {}

  struct Verdict {
    bool open = false;  // the breaker is open: do not ask
    Time when;          // when to ask (or, open, when a trial will be allowed)
    std::string why;    // open: what the last failure was
  };
  // Asks for one request to that origin; takes it from the budget when it may go at `now`.
  Verdict admit(std::string_view origin, Time now);
  void succeeded(std::string_view origin);
  // No answer, or one of 5xx; `why` for people.
  void failed(std::string_view origin, Time now, std::string why);
  // The server itself says to wait (Retry-After, a spent quota).
  void pause_until(std::string_view origin, Time when);

 private:
  struct Host {
    double level = 0;
    Time at, paused_until, open_until;
    unsigned failures = 0;
    unsigned trials = 0;  // failed ones since it opened
    bool trial_running = false;
    Time trial_started;
    std::string why;
  };
  Host& host(std::string_view origin, Time now);
  const HostRule m_rule;
  std::map<std::string, Host, std::less<>> m_hosts;
};

}  // namespace patchmill::http
