#include "service/tree_loop.hpp"

#include "service/cancel_on_stop.hpp"
#include "store/blob_store.hpp"
#include "tracker/queries.hpp"
#include "util/cancel.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::service {
namespace {

constexpr std::chrono::seconds k_first_fetch_retry{15};

}  // namespace

TreeLoop::TreeLoop(const app::Config& config, placement::TreeSpec tree, const Clock& clock,
                   OnNews on_news)
    : m_config(config), m_tree(std::move(tree)), m_clock(clock), m_on_news(std::move(on_news)) {
  m_health.name = m_tree.name;
  m_health.url = m_tree.url;
  m_health.branch = m_tree.branch;
  m_thread = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

TreeLoop::~TreeLoop() {
  stop();
}

void TreeLoop::wake() {
  const std::lock_guard lock(m_mutex);
  m_wake = true;
  m_changed.notify_all();
}

TreeHealth TreeLoop::health() const {
  const std::lock_guard lock(m_mutex);
  return m_health;
}

void TreeLoop::look_for_taken(store::Database& database, placement::Placer& placer) {
  if (!app::wants_state(m_config, "accepted")) {
    return;
  }
  const store::BlobStore blobs(m_config.data / "blobs");
  tracker::Queries queries(database, blobs);
  const auto found = placer.look_for_taken(m_tree.name, queries, m_paths);
  if (!found && !CancelScope::called_off()) {
    log::warning(
        "tree {}: which patches it has taken is not known: {}; tried again with the next "
        "fetch",
        m_tree.name, found.error().message);
  } else if (found && *found > 0) {
    log::info("tree {} has taken {}", m_tree.name, count_of(*found, "patch", "patches"));
  }
}

// Of what was fetched before, or, where it is wanted, now.
Result<std::string> TreeLoop::tip_of_mirror(bool fetch) {
  try {
    const auto database = store::Database::open(m_config.store_url);
    placement::Placer placer(*database, m_config.data, m_config.trees, m_clock);
    if (fetch) {
      PM_TRY(placer.refresh(m_tree.name));
      look_for_taken(*database, placer);
    }
    return placer.tip(m_tree.name);
  } catch (const std::exception& error) {
    return fail(ErrorKind::infrastructure, fmt::format("tree {}: {}", m_tree.name, error.what()));
  }
}

void TreeLoop::run(const std::stop_token& stop) {
  const CancelOnStop cancel(stop);
  std::chrono::seconds retry = k_first_fetch_retry;
  std::string seen;
  if (auto before = tip_of_mirror(false)) {
    const std::lock_guard lock(m_mutex);
    m_health.tip = *std::move(before);
  }
  while (!stop.stop_requested()) {
    auto tip = tip_of_mirror(true);
    if (stop.stop_requested()) {
      return;  // what was broken off says nothing
    }
    const Timestamp now = m_clock.now();
    std::chrono::seconds wait = m_config.fetch_interval;
    bool news = false;
    {
      const std::lock_guard lock(m_mutex);
      ++m_health.fetches;
      if (tip) {
        news = seen != *tip;
        seen = m_health.tip = *std::move(tip);
        m_health.fetched = now;
        m_health.error.clear();
        m_health.error_since.reset();
        retry = k_first_fetch_retry;
      } else {
        if (m_health.error != tip.error().message) {
          log::warning("{}; what is here stays in use", tip.error().message);
        }
        ++m_health.failures;
        m_health.error = tip.error().message;
        m_health.error_since = m_health.error_since.value_or(now);
        wait = retry;
        retry = std::min(retry * 2, std::max(m_config.fetch_interval, k_first_fetch_retry));
      }
      m_health.next_fetch = now + wait;
    }
    if (news) {
      m_on_news(m_tree.name);
    }
    std::unique_lock lock(m_mutex);
    m_changed.wait_for(lock, stop, wait, [this] { return m_wake; });
    m_wake = false;
  }
}

}  // namespace patchmill::service
