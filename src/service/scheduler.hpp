#pragma once
// Which lane of the queue runs next, and who has it.
//
// The queue is in the store (pipeline::WorkStore); here is its order (pipeline::FairQueue) and what
// this process runs. A lane belongs to a worker while its lease lasts; a worker that dies, or hangs
// for longer, loses it, and what it says afterwards is not taken.

#include "pipeline/fair_queue.hpp"
#include "pipeline/pauses.hpp"
#include "pipeline/work_store.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace patchmill::service {

// A lane that a worker of this process has.
struct Claim {
  std::int64_t lane = 0, series = 0;
  int attempt = 1;
  std::string worker;
  Timestamp started{};
  std::chrono::seconds estimate{1};
  std::stop_source stop;  // stopped: give up, the nodes are ended already or will be done again
};

// A lane that waits, in the order of the queue.
struct QueuePlace {
  std::int64_t lane = 0, series = 0;
  std::string project, author;
  int priority = 0;
  Timestamp queued{};
  std::optional<std::chrono::seconds> starts_in;  // empty: held back, see why
  std::string why;                                // it does not start now
};

struct SchedulerCounts {
  std::size_t waiting = 0, held = 0, running = 0;
};

class Scheduler {
 public:
  using OpenStore = std::function<std::unique_ptr<store::Database>()>;  // may throw DatabaseError
  // `holder` names this process in leases. The clock outlives the scheduler.
  Scheduler(OpenStore open, const Clock& clock, std::string holder,
            std::chrono::seconds lease = std::chrono::seconds(120));

  // Everything that waits in the store; what others have is left to them until their lease ends.
  // Throws DatabaseError.
  void load();
  // Lanes of this series were added to the queue or have left it.
  void refresh_series(std::int64_t series);

  // The next lane, waiting for one until `stop`. Trouble with the store is waited out.
  std::shared_ptr<Claim> take(const std::string& worker, const std::stop_token& stop);
  // The worker is done with it, however it ended.
  void done(const std::shared_ptr<Claim>& claim);

  // Stops what runs of this series here and forgets what waits; the nodes in the store are the
  // caller's to end, before.
  void cancel(std::int64_t series);
  void set_pauses(std::vector<pipeline::Pause> pauses);
  void set_weight(const std::string& project, unsigned weight);

  // Extends the leases of what runs here; takes lanes of the dead back into the queue. Returns the
  // series of those taken back. Call it every few seconds. Throws DatabaseError.
  std::vector<std::int64_t> keep_leases();

  [[nodiscard]] SchedulerCounts counts() const;
  [[nodiscard]] std::vector<std::shared_ptr<const Claim>> running() const;
  // `workers`: how many take lanes, for the estimates.
  [[nodiscard]] std::vector<QueuePlace> order(std::size_t limit, unsigned workers) const;

 private:
  struct Lane {
    pipeline::Waiting waiting;
    std::int64_t series = 0;
    int attempt = 1;
    std::string tree;
  };
  void add(const std::vector<pipeline::QueuedNode>& nodes);
  void put(const Lane& lane);
  void forget(std::int64_t series);
  [[nodiscard]] const pipeline::Pause* pause_for(const Lane& lane) const;
  store::Database& database();
  std::shared_ptr<Claim> try_take(const std::string& worker);

  OpenStore m_open;
  const Clock& m_clock;
  const std::string m_holder;
  const std::chrono::seconds m_lease;

  std::mutex m_store_mutex;  // before m_mutex
  std::unique_ptr<store::Database> m_database;

  mutable std::mutex m_mutex;
  std::condition_variable_any m_changed;
  pipeline::FairQueue m_queue;
  std::map<std::int64_t, Lane> m_lanes;  // waiting, also those held back
  std::map<std::int64_t, std::shared_ptr<Claim>> m_running;
  std::vector<pipeline::Pause> m_pauses;
};

}  // namespace patchmill::service
