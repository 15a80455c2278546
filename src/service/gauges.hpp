#pragma once
// What the running service counts for /metrics by itself; the rest is read from the store, or known
// to a part (part_figures.hpp).

#include "findings/finding.hpp"
#include "http/server.hpp"
#include "pipeline/node.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace patchmill::service {

// Counts of values within bounds; see MetricsText::histogram().
struct Histogram {
  explicit Histogram(std::vector<double> upper_bounds)
      : bounds(std::move(upper_bounds)), counts(bounds.size() + 1) {}
  void add(double value);
  std::vector<double> bounds;
  std::vector<std::uint64_t> counts;
  double sum = 0;
};

// Thread-safe; every call takes a microsecond or less.
class Gauges {
 public:
  void node_done(pipeline::NodeKind kind, findings::Verdict result, std::chrono::microseconds took);
  // From the arrival of the last mail of a series to the word whether it applies: the figure people
  // feel.
  void first_verdict(std::chrono::microseconds after_arrival);
  void http_request(const http::RequestRecord& record);  // ServerConfig::on_request

  struct Snapshot {
    std::map<std::pair<pipeline::NodeKind, findings::Verdict>, std::uint64_t> nodes;
    std::map<pipeline::NodeKind, Histogram> node_seconds;
    Histogram first_verdict{{0.5, 1, 2, 5, 10, 30, 60, 300, 1800}};
    std::map<std::pair<std::string, std::string>, std::uint64_t> http;  // method, class of status
    Histogram http_seconds{{0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10}};
  };
  [[nodiscard]] Snapshot snapshot() const;

 private:
  mutable std::mutex m_mutex;
  Snapshot m_values;
};

}  // namespace patchmill::service
