#include "service/patchwork_loop.hpp"

#include "service/cancel_on_stop.hpp"
#include "util/log.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace patchmill::service {
namespace {

constexpr std::chrono::seconds k_patchwork_interval{5};
// What changes again within this time is posted once.
constexpr std::chrono::seconds k_settle{1};

}  // namespace

PatchworkLoop::PatchworkLoop(const app::Config& config, intake::SourceSpec source,
                             reports::Links links, const Clock& clock)
    : m_config(config), m_source(std::move(source)), m_links(std::move(links)), m_clock(clock) {
  m_health.name = m_source.name + " checks";
  m_health.place = std::get<intake::PatchworkSpec>(m_source.kind).url;
  m_thread = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

PatchworkLoop::~PatchworkLoop() {
  stop();
}

void PatchworkLoop::wake() {
  const std::lock_guard lock(m_mutex);
  m_woken = true;
  m_changed.notify_all();
}

void PatchworkLoop::try_again() {
  {
    const std::lock_guard lock(m_mutex);
    m_tries_again = true;
  }
  wake();
}

bool PatchworkLoop::tries_again() {
  const std::lock_guard lock(m_mutex);
  return std::exchange(m_tries_again, false);
}

intake::SourceHealth PatchworkLoop::health() const {
  const std::lock_guard lock(m_mutex);
  return m_health;
}

void PatchworkLoop::tell(const CheckPosterState& state, const std::string& store_error) {
  const Timestamp now = m_clock.now();
  const std::lock_guard lock(m_mutex);
  std::string error = !store_error.empty() ? store_error
                      : !state.refused.empty()
                          ? fmt::format(
                                "{}; what waits is tried again once an hour, when the token "
                                "changes, and when the configuration is read again (SIGHUP)",
                                state.refusals())
                          : state.trouble;
  m_health.state = error.empty() ? intake::SourceState::waiting : intake::SourceState::failing;
  m_health.error_since =
      error.empty() ? std::nullopt : std::optional(m_health.error_since.value_or(now));
  m_health.error = std::move(error);
  m_health.lag = static_cast<std::uint64_t>(state.waiting);
  m_health.failures = state.failures;
  if (m_health.error.empty()) {
    m_health.last_success = now;
  }
}

void PatchworkLoop::run(const std::stop_token& stop) {
  const CancelOnStop cancel(stop);
  const auto& spec = std::get<intake::PatchworkSpec>(m_source.kind);
  const auto instance = intake::make_instance(spec);
  CheckPosterState state;
  std::optional<CheckPoster> poster;
  while (!stop.stop_requested()) {
    std::string store_error;
    bool more = false;
    try {
      if (!poster) {
        poster.emplace(m_config, m_source.name, spec, *instance, m_links, m_clock, state);
      }
      if (tries_again()) {
        poster->try_again();
      }
      more = poster->pass(stop);
    } catch (const std::exception& problem) {
      store_error = fmt::format("the store: {}", problem.what());
      if (m_health.error != store_error) {
        log::error("checks on {}: {}", instance->name(), store_error);
      }
      poster.reset();
    }
    tell(state, store_error);
    if (more) {
      continue;
    }
    std::unique_lock lock(m_mutex);
    m_changed.wait_for(lock, stop, k_settle, [] { return false; });
    m_changed.wait_for(lock, stop, k_patchwork_interval, [this] { return m_woken; });
    m_woken = false;
  }
}

}  // namespace patchmill::service
