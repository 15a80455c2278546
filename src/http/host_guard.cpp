#include "http/host_guard.hpp"

#include <algorithm>
#include <utility>

namespace patchmill::http {
namespace {

constexpr std::size_t k_most_hosts = 10'000;
constexpr std::chrono::minutes k_trial_lost{5};  // a trial whose end nobody reported

}  // namespace

HostGuard::Host& HostGuard::host(std::string_view origin, Time now) {
  const auto found = m_hosts.find(origin);
  if (found != m_hosts.end()) {
    return found->second;
  }
  if (m_hosts.size() >= k_most_hosts) {
    m_hosts.clear();  // far more hosts than anybody configures
  }
  Host fresh;
  fresh.level = m_rule.burst;
  fresh.at = now;
  return m_hosts.emplace(std::string(origin), fresh).first->second;
}

HostGuard::Verdict HostGuard::admit(std::string_view origin, Time now) {
  Host& h = host(origin, now);
  const bool tripped = m_rule.failures_to_open > 0 && h.failures >= m_rule.failures_to_open;
  if (tripped) {
    if (now < h.open_until) {
      return {true, h.open_until, h.why};
    }
    if (h.trial_running && now - h.trial_started < k_trial_lost) {
      return {true, now + std::chrono::seconds(1), h.why};
    }
  }
  if (h.paused_until > now) {
    return {false, h.paused_until, {}};
  }
  if (m_rule.requests_per_second > 0) {
    const std::chrono::duration<double> since = std::max(now - h.at, Time::duration{0});
    h.level = std::min(m_rule.burst, h.level + since.count() * m_rule.requests_per_second);
    h.at = now;
    if (h.level < 1) {
      const std::chrono::duration<double> wait((1 - h.level) / m_rule.requests_per_second);
      return {false, now + std::chrono::ceil<std::chrono::milliseconds>(wait), {}};
    }
    h.level -= 1;
  }
  if (tripped) {
    h.trial_running = true;
    h.trial_started = now;
  }
  return {false, now, {}};
}

void HostGuard::succeeded(std::string_view origin) {
  if (const auto found = m_hosts.find(origin); found != m_hosts.end()) {
    found->second.failures = 0;
    found->second.trials = 0;
    found->second.trial_running = false;
  }
}

void HostGuard::failed(std::string_view origin, Time now, std::string why) {
  Host& h = host(origin, now);
  h.why = std::move(why);
  h.failures = std::min(h.failures + 1, 1'000'000u);
  if (m_rule.failures_to_open > 0 && h.failures >= m_rule.failures_to_open) {
    const auto wait = m_rule.cooldown * (std::int64_t{1} << std::min(h.trials, 16u));
    h.open_until = now + std::min(m_rule.longest, std::chrono::milliseconds(wait));
    ++h.trials;
    h.trial_running = false;
  }
}

void HostGuard::pause_until(std::string_view origin, Time when) {
  Host& h = host(origin, when);
  h.paused_until = std::max(h.paused_until, when);
}

}  // namespace patchmill::http
