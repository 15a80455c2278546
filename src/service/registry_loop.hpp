#pragma once
// Keeps the registry at what the tracker knows, and at what the configuration says of it; gives
// patches their states and checks; resolves addresses of series as they become known.

#include "app/config.hpp"
#include "reports/registry_reporter.hpp"
#include "util/clock.hpp"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace patchmill::service {

class RegistryLoop {
 public:
  // The store's schema is there already; the clock outlives the loop. Starts at once; without
  // projects and Patchworks in the configuration it only waits for one that has some. Checks point
  // to pages below `public_url`, where it is not empty.
  RegistryLoop(app::Config config, std::string public_url, const Clock& clock);
  ~RegistryLoop();  // stops, after the step under way
  RegistryLoop(const RegistryLoop&) = delete;
  RegistryLoop& operator=(const RegistryLoop&) = delete;

  void stop() { m_thread.request_stop(); }
  void wake();  // mail has arrived
  void set_config(app::Config config);

  struct State {
    std::string error;  // one sentence; empty: all is well
    std::optional<Timestamp> since;
    std::uint64_t events = 0;  // taken since the start
  };
  [[nodiscard]] State state() const;

 private:
  void run(const std::stop_token& stop);
  void tell(std::string error);
  [[nodiscard]] reports::RegistryReporterConfig reporter_config(store::Database& database,
                                                                const app::Config& config) const;

  const std::string m_public_url;
  const Clock& m_clock;
  mutable std::mutex m_mutex;
  std::condition_variable_any m_changed;
  std::optional<app::Config> m_new_config;
  bool m_woken = false;
  State m_state;
  std::jthread m_thread;
};

}  // namespace patchmill::service
