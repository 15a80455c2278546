#pragma once
// Keeps the mirror of one tree fresh, on a thread of its own: a tree that hangs holds up no other.

#include "app/config.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace patchmill::service {

struct TreeHealth {
  std::string name, url, branch;
  std::string tip;    // newest commit as it was fetched last; empty: none yet
  std::string error;  // of the last fetch; empty: it worked
  std::optional<Timestamp> fetched, error_since, next_fetch;
  std::uint64_t fetches = 0, failures = 0;  // since the start; failed ones count as both
};

class TreeLoop {
 public:
  // Called on the loop's thread after a fetch that brought something.
  using OnNews = std::function<void(const std::string& tree)>;
  // The tree is one of config.trees. The clock outlives the loop. Starts at once.
  // Where a state "accepted" is wanted anywhere, each fetch is followed by a look for posted
  // patches.
  TreeLoop(const app::Config& config, placement::TreeSpec tree, const Clock& clock, OnNews on_news);
  ~TreeLoop();  // stops; a fetch under way is waited for
  TreeLoop(const TreeLoop&) = delete;
  TreeLoop& operator=(const TreeLoop&) = delete;

  void stop() { m_thread.request_stop(); }
  void wake();  // fetches now
  [[nodiscard]] TreeHealth health() const;
  [[nodiscard]] const placement::TreeSpec& spec() const { return m_tree; }

 private:
  void run(const std::stop_token& stop);
  Result<std::string> tip_of_mirror(bool fetch);
  void look_for_taken(store::Database& database, placement::Placer& placer);

  const app::Config m_config;
  const placement::TreeSpec m_tree;
  const Clock& m_clock;
  const OnNews m_on_news;
  mutable std::mutex m_mutex;
  std::condition_variable_any m_changed;
  bool m_wake = false;
  TreeHealth m_health;
  placement::PathsOfMails m_paths;
  std::jthread m_thread;
};

}  // namespace patchmill::service
