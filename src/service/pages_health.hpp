#pragma once
// What the service knows about itself, as the pages want it.

#include "reports/mail_config.hpp"
#include "service/health_reporter.hpp"
#include "service/scheduler.hpp"
#include "web/health.hpp"

#include <vector>

namespace patchmill::service {

web::Health pages_health(const HealthReporter& reporter, const Scheduler& scheduler,
                         unsigned workers, const reports::MailConfig& mail, Timestamp started);
std::vector<web::QueueSlot> pages_queue(const Scheduler& scheduler, unsigned workers);

}  // namespace patchmill::service
