#pragma once
// Counts what the event log says about work that was done.

#include "service/gauges.hpp"
#include "store/event_log.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <map>

namespace patchmill::service {

// One thread. The gauges outlive it.
class WorkCounter {
 public:
  explicit WorkCounter(Gauges& gauges) : m_gauges(gauges) {}
  // Each event of the log once, in their order.
  void see(const store::Event& event);

 private:
  void see_node(const store::Event& event);

  Gauges& m_gauges;
  std::map<std::int64_t, Timestamp> m_completed;  // series that are not judged yet
};

}  // namespace patchmill::service
