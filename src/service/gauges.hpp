#pragma once
// What the running service counts, for /metrics. Everything else there is read from the store.

#include "findings/finding.hpp"
#include "http/server.hpp"
#include "pipeline/node.hpp"
#include "util/clock.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
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

// Thread-safe; every call takes a microsecond or less. Names of sources and trees come from the
// configuration; should there be more than a thousand of them, the rest counts as "other".
class Gauges {
 public:
  void node_done(pipeline::NodeKind kind, findings::Verdict result, std::chrono::microseconds took);
  void messages_read(std::string_view source, std::uint64_t count, Timestamp now);
  void source_failed(std::string_view source);
  void tree_fetched(std::string_view tree, bool worked, Timestamp now);
  // From delivery to the verdict of the checks, the figure people feel.
  void first_verdict(std::chrono::microseconds after_arrival);
  void mail_tried(std::string_view outcome);  // accepted, deferred, rejected, in_doubt
  void workers(std::size_t busy, std::size_t all);
  void http_request(const http::RequestRecord& record);  // ServerConfig::on_request

  struct Source {
    std::uint64_t messages = 0, failures = 0;
    std::optional<Timestamp> last_read;
  };
  struct Tree {
    std::uint64_t fetches = 0, failures = 0;
    std::optional<Timestamp> last_fetch;
  };
  struct Snapshot {
    std::map<std::pair<pipeline::NodeKind, findings::Verdict>, std::uint64_t> nodes;
    std::map<pipeline::NodeKind, Histogram> node_seconds;
    std::map<std::string, Source, std::less<>> sources;
    std::map<std::string, Tree, std::less<>> trees;
    Histogram first_verdict{{0.5, 1, 2, 5, 10, 30, 60, 300, 1800}};
    std::map<std::string, std::uint64_t, std::less<>> mail;
    std::size_t workers_busy = 0, workers = 0;
    std::map<std::pair<std::string, std::string>, std::uint64_t> http;  // method, class of status
    Histogram http_seconds{{0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10}};
  };
  [[nodiscard]] Snapshot snapshot() const;

 private:
  mutable std::mutex m_mutex;
  Snapshot m_values;
};

}  // namespace patchmill::service
