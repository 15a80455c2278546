#include "service/gauges.hpp"

#include <algorithm>
#include <array>

namespace patchmill::service {
namespace {

double seconds_of(std::chrono::microseconds time) {
  return static_cast<double>(time.count()) / 1e6;
}

}  // namespace

void Histogram::add(double value) {
  const auto at = std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin();
  ++counts[static_cast<std::size_t>(at)];
  sum += value;
}

void Gauges::node_done(pipeline::NodeKind kind, findings::Verdict result,
                       std::chrono::microseconds took) {
  const std::lock_guard lock(m_mutex);
  ++m_values.nodes[{kind, result}];
  const auto [entry, added] =
      m_values.node_seconds.try_emplace(kind, std::vector<double>{0.1, 1, 10, 60, 300, 1800, 7200});
  entry->second.add(seconds_of(took));
}

void Gauges::first_verdict(std::chrono::microseconds after_arrival) {
  const std::lock_guard lock(m_mutex);
  m_values.first_verdict.add(seconds_of(after_arrival));
}

void Gauges::http_request(const http::RequestRecord& record) {
  static constexpr std::array known = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"};
  const bool is_known = std::find(known.begin(), known.end(), record.method) != known.end();
  const std::string status =
      record.status >= 100 && record.status < 600
          ? std::string(1, static_cast<char>('0' + record.status / 100)) + "xx"
          : "other";
  const std::lock_guard lock(m_mutex);
  ++m_values.http[{is_known ? std::string(record.method) : "other", status}];
  m_values.http_seconds.add(seconds_of(record.duration));
}

Gauges::Snapshot Gauges::snapshot() const {
  const std::lock_guard lock(m_mutex);
  return m_values;
}

}  // namespace patchmill::service
