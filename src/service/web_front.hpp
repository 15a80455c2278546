#pragma once
// The HTTP server of the service with everything it serves.

#include "app/config.hpp"
#include "service/gauges.hpp"
#include "service/health_reporter.hpp"
#include "service/health_state.hpp"
#include "service/scheduler.hpp"
#include "store/event_log.hpp"
#include "util/result.hpp"

#include <memory>
#include <string>
#include <vector>

namespace patchmill::service {

class WebFront {
 public:
  // Listens at once. Clock, health and gauges outlive it. The store is migrated. Error: an address
  // cannot be listened on, a certificate cannot be read.
  static Result<std::unique_ptr<WebFront>> start(const app::Config& config, const Clock& clock,
                                                 HealthState& health, Gauges& gauges);
  ~WebFront();
  WebFront(const WebFront&) = delete;
  WebFront& operator=(const WebFront&) = delete;

  // From now on pages and metrics show what these know; both outlive it, or stop() comes first.
  void watch(const HealthReporter& reporter, const Scheduler& scheduler, unsigned workers);
  // Error conflict: other addresses need a restart.
  Result<void> reload(const app::Config& config);
  // Of the event log, each in order.
  void publish(const store::Event& event);
  void stop();

  [[nodiscard]] std::vector<std::string> addresses() const;
  [[nodiscard]] std::string public_url() const;

 private:
  struct Impl;
  explicit WebFront(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> m_impl;
};

}  // namespace patchmill::service
