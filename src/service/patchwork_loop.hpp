#pragma once
// Posts checks on one instance of Patchwork, on a thread of its own: one that hangs holds up no
// other.

#include "app/config.hpp"
#include "intake/source_health.hpp"
#include "intake/source_spec.hpp"
#include "reports/report.hpp"
#include "service/check_poster.hpp"
#include "util/clock.hpp"

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace patchmill::service {

class PatchworkLoop {
 public:
  // `source` is one of config.sources and a Patchwork. The clock outlives the loop. Starts at once.
  PatchworkLoop(const app::Config& config, intake::SourceSpec source, reports::Links links,
                const Clock& clock);
  ~PatchworkLoop();  // stops, within a second
  PatchworkLoop(const PatchworkLoop&) = delete;
  PatchworkLoop& operator=(const PatchworkLoop&) = delete;

  void stop() { m_thread.request_stop(); }
  void wake();  // something happened to a series
  // A person may have mended what was refused: it is tried again now.
  void try_again();
  // As a source beside the one the patches come from: "NAME checks".
  [[nodiscard]] intake::SourceHealth health() const;
  [[nodiscard]] const intake::SourceSpec& source() const { return m_source; }

 private:
  void run(const std::stop_token& stop);
  bool tries_again();  // once after each try_again()
  void tell(const CheckPosterState& state, const std::string& store_error);

  const app::Config m_config;
  const intake::SourceSpec m_source;
  const reports::Links m_links;
  const Clock& m_clock;
  mutable std::mutex m_mutex;
  std::condition_variable_any m_changed;
  bool m_woken = false;
  bool m_tries_again = false;
  intake::SourceHealth m_health;
  std::jthread m_thread;
};

}  // namespace patchmill::service
