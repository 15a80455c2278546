#include "service/webhook_loop.hpp"

#include "service/cancel_on_stop.hpp"
#include "service/holder.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <utility>

namespace patchmill::service {
namespace {

// Also how long a change of a person's waits, who does not wake anybody.
constexpr std::chrono::seconds k_webhook_interval{2};

}  // namespace

WebhookLoop::WebhookLoop(const app::Config& config, std::vector<app::WebhookConfig> hooks,
                         std::string base, const Clock& clock)
    : m_config(config), m_hooks(std::move(hooks)), m_base(std::move(base)), m_clock(clock) {
  m_health.place = origin_of(m_hooks.front().url);
  m_health.name = "webhook " + m_health.place;
  m_thread = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

WebhookLoop::~WebhookLoop() {
  stop();
}

void WebhookLoop::wake() {
  const std::lock_guard lock(m_mutex);
  m_woken = true;
  m_changed.notify_all();
}

void WebhookLoop::try_again() {
  const std::lock_guard lock(m_mutex);
  m_again = true;
  m_woken = true;
  m_changed.notify_all();
}

intake::SourceHealth WebhookLoop::health() const {
  const std::lock_guard lock(m_mutex);
  return m_health;
}

void WebhookLoop::tell(const WebhookState& state, const std::string& store_error) {
  const Timestamp now = m_clock.now();
  const std::lock_guard lock(m_mutex);
  std::string error = !store_error.empty() ? store_error : state.trouble;
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

void WebhookLoop::run(const std::stop_token& stop) {
  const CancelOnStop cancel(stop);
  WebhookState state;
  std::string store_error;
  std::optional<WebhookPoster> poster;
  bool again = false;
  while (!stop.stop_requested()) {
    try {
      if (!poster) {
        poster.emplace(m_config, m_hooks, WebhookOptions{.base = m_base}, m_clock, state);
        if (!state.trouble.empty()) {
          tell(state, store_error);  // an attempt may take its time
        }
      }
      if (again) {
        poster->try_again();
        again = false;
      }
      poster->pass(stop);
      store_error.clear();
    } catch (const std::exception& problem) {
      const std::string error = fmt::format("the store: {}", problem.what());
      if (store_error != error) {
        log::error("{}: {}", m_health.name, error);
      }
      store_error = error;
      poster.reset();
    }
    tell(state, store_error);
    std::unique_lock lock(m_mutex);
    m_changed.wait_for(lock, stop, k_webhook_interval, [this] { return m_woken; });
    m_woken = false;
    again = std::exchange(m_again, false) || again;
  }
}

void drop_other_webhooks(const app::Config& config) {
  std::set<std::string> urls;
  for (const auto& hook : config.webhooks) {
    urls.insert(hook.url);
  }
  try {
    const auto database = store::Database::open(config.store_url);
    if (!is_in_data_folder(config, *database)) {
      return;  // they may be those of another service
    }
    const auto dropped = api::patchwork::drop_other_webhooks(*database, urls);
    if (dropped > 0) {
      log::info("{} of webhooks that are no longer configured will not be told",
                count_of(dropped, "event"));
    }
  } catch (const store::DatabaseError& error) {
    log::warning("what waits for webhooks that are no longer configured is not dropped: {}",
                 error.what());
  }
}

}  // namespace patchmill::service
