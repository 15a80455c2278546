#pragma once
// Letting go of what is old, in small steps beside the work of a service.

#include "app/config.hpp"
#include "store/blob_sweep.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"
#include "util/file.hpp"
#include "util/subprocess.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::service {

struct PruneResult {
  std::int64_t artifacts = 0;  // references dropped
  std::int64_t events = 0;
  std::int64_t posted = 0;  // rows of the outbox about what was posted or given up
  store::SweepCounts blobs;
  std::vector<std::string> builds;  // slots of warm sources that were emptied
  std::uint64_t build_bytes = 0;
  std::vector<std::string> troubles;  // what could not be done, for people
};

// One round over everything. The same thread calls step() until it says that the round is done;
// between two calls anything may happen. Each step takes some tenths of a second at most, except
// git's own collection of a mirror, which may take minutes but holds nobody up.
// Throws store::DatabaseError.
class Retention {
 public:
  // Blobs without reference are kept for this long: who puts one refers to it within that time.
  static constexpr std::chrono::hours k_grace{24};

  // All outlive it. dry_run: nothing is changed, the result says what would be.
  Retention(store::Database& database, const app::Config& config, const Clock& clock,
            ProcessRunner& processes, bool dry_run = false);

  // False when the round is done. Error conflict when a backup is under way: call it again later.
  Result<bool> step();
  [[nodiscard]] const PruneResult& result() const { return m_result; }

 private:
  enum class Phase {
    begin,
    superseded,
    artifacts,
    events,
    outbox,
    mark,
    sweep,
    builds,
    mirrors,
    end
  };
  void drop_superseded();
  void drop_old();
  void drop_events();
  void drop_posted();
  void sweep();
  void empty_builds();
  void collect_mirror();
  void next();
  [[nodiscard]] std::optional<Timestamp> limit(std::chrono::seconds age) const;

  store::Database& m_database;
  const app::Config& m_config;
  const Clock& m_clock;
  ProcessRunner& m_processes;
  const bool m_dry_run;
  Phase m_phase = Phase::begin;
  std::optional<LockFile> m_lock;
  std::int64_t m_series = 0;
  std::optional<std::int64_t> m_node = 0;
  std::optional<std::int64_t> m_outbox = 0;
  store::BlobNames m_referenced;
  unsigned m_folder = 0;
  std::vector<std::filesystem::path> m_mirrors;
  PruneResult m_result;
};

// For the loop of a service: call it every few seconds; it does one step when a round is due (once
// a day, also over restarts) or under way, and never throws for more than the store.
class DailyRetention {
 public:
  DailyRetention(store::Database& database, const app::Config& config, const Clock& clock,
                 ProcessRunner& processes);
  // True when there is more to do at once.
  bool step();

 private:
  store::Database& m_database;
  const app::Config& m_config;
  const Clock& m_clock;
  ProcessRunner& m_processes;
  std::optional<Retention> m_round;
  std::optional<Timestamp> m_due;
};

}  // namespace patchmill::service
