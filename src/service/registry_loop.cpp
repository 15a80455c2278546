#include "service/registry_loop.hpp"

#include "app/registry_stage.hpp"
#include "app/series_addresses.hpp"
#include "registry/follow.hpp"
#include "registry/get.hpp"
#include "reports/registry_reporter.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "util/log.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace patchmill::service {
namespace {

using namespace std::chrono_literals;

// Events taken before somebody may ask it to stop.
constexpr std::size_t k_step = 2000;
// Another process may have written.
constexpr std::chrono::seconds k_registry_interval = 5s;

}  // namespace

RegistryLoop::RegistryLoop(app::Config config, std::string public_url, const Clock& clock)
    : m_public_url(std::move(public_url)), m_clock(clock) {
  m_new_config = std::move(config);
  m_thread = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

RegistryLoop::~RegistryLoop() {
  stop();
}

void RegistryLoop::wake() {
  const std::lock_guard lock(m_mutex);
  m_woken = true;
  m_changed.notify_all();
}

void RegistryLoop::set_config(app::Config config) {
  const std::lock_guard lock(m_mutex);
  m_new_config = std::move(config);
  m_changed.notify_all();
}

RegistryLoop::State RegistryLoop::state() const {
  const std::lock_guard lock(m_mutex);
  return m_state;
}

void RegistryLoop::tell(std::string error) {
  const std::lock_guard lock(m_mutex);
  if (error.empty()) {
    m_state.since.reset();
  } else if (m_state.error != error) {
    log::error("{}", error);
    m_state.since = m_state.since.value_or(m_clock.now());
  }
  m_state.error = std::move(error);
}

reports::RegistryReporterConfig RegistryLoop::reporter_config(store::Database& database,
                                                              const app::Config& config) const {
  reports::RegistryReporterConfig wanted;
  wanted.states = {config.patchwork_states.begin(), config.patchwork_states.end()};
  if (const auto user = registry::user_by_name(database, config.patchwork_checks_by)) {
    wanted.user = user->id;
  }
  wanted.check_prefix = config.patchwork_check_prefix;
  wanted.links = reports::Links::at(m_public_url);
  return wanted;
}

void RegistryLoop::run(const std::stop_token& stop) {
  app::Config config;
  std::unique_ptr<store::Database> database;
  bool is_set_up = false;
  std::string refused;  // why the section cannot be taken over; until there is another one
  while (!stop.stop_requested()) {
    {
      const std::lock_guard lock(m_mutex);
      if (m_new_config) {
        config = *std::exchange(m_new_config, std::nullopt);
        database.reset();
        is_set_up = false;
        refused.clear();
      }
    }
    std::string error;
    bool more = false;
    try {
      const bool serves = !config.patchwork.projects.empty();
      if (serves || app::resolves_series_addresses(config)) {
        if (!database) {
          database = store::Database::open(config.store_url);
        }
        if (serves && !is_set_up) {
          if (const auto done = app::set_up_registry(*database, config); !done) {
            refused = done.error().message;
          }
          is_set_up = true;
        }
        const store::BlobStore blobs(config.data / "blobs");
        const std::size_t taken =
            serves ? registry::follow(*database, blobs, m_clock.now(), k_step) : 0;
        more = taken > 0;
        if (!more) {
          app::resolve_series_addresses(*database, config, m_clock.now());
        }
        // What was refused may have named whose checks they are: nothing is passed over.
        if (serves && !more && refused.empty()) {
          reports::RegistryReporter(*database, blobs, m_clock, reporter_config(*database, config))
              .pass(more);
        }
        error = refused;
        const std::lock_guard lock(m_mutex);
        m_state.events += taken;
      }
    } catch (const std::exception& problem) {
      error = fmt::format("patches cannot be kept as Patchwork has them: {}", problem.what());
      database.reset();
      more = false;
    }
    tell(std::move(error));
    std::unique_lock lock(m_mutex);
    if (!more) {
      m_changed.wait_for(lock, stop, k_registry_interval,
                         [this] { return m_woken || m_new_config; });
    }
    m_woken = false;
  }
}

}  // namespace patchmill::service
