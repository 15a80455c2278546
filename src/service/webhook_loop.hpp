#pragma once
// Tells one address of webhooks, on a thread of its own: one that hangs holds up no other.

#include "app/config.hpp"
#include "intake/source_health.hpp"
#include "service/webhook_poster.hpp"
#include "util/clock.hpp"

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace patchmill::service {

class WebhookLoop {
 public:
  // `hooks`: those of one address. The clock outlives the loop. Starts at once.
  WebhookLoop(const app::Config& config, std::vector<app::WebhookConfig> hooks, std::string base,
              const Clock& clock);
  ~WebhookLoop();  // stops, within a second
  WebhookLoop(const WebhookLoop&) = delete;
  WebhookLoop& operator=(const WebhookLoop&) = delete;

  void stop() { m_thread.request_stop(); }
  void wake();  // something happened to a series
  // What waits for another attempt waits no longer: somebody may have mended what was wrong.
  void try_again();
  // As a source: "webhook ORIGIN".
  [[nodiscard]] intake::SourceHealth health() const;
  [[nodiscard]] const std::vector<app::WebhookConfig>& hooks() const { return m_hooks; }

 private:
  void run(const std::stop_token& stop);
  void tell(const WebhookState& state, const std::string& store_error);

  const app::Config m_config;
  const std::vector<app::WebhookConfig> m_hooks;
  const std::string m_base;
  const Clock& m_clock;
  mutable std::mutex m_mutex;
  std::condition_variable_any m_changed;
  bool m_woken = false;
  bool m_again = false;
  intake::SourceHealth m_health;
  std::jthread m_thread;
};

// Drops what waits for webhooks that are not configured, also of those that were taken out while
// nothing ran; not in a store that another service may share. None of them may have a loop. What
// does not work is logged, and done the next time.
void drop_other_webhooks(const app::Config& config);

}  // namespace patchmill::service
