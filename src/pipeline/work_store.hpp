#pragma once
// Work under way in the store: tries of series, and the queue of their nodes.

#include "store/database.hpp"
#include "util/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::pipeline {

// One try to judge a series, from placing it to its verdict.
struct SeriesRun {
  std::int64_t series = 0;
  int attempt = 1;             // that of its nodes
  std::int64_t checkout = 0;   // the node
  std::string project;         // for fair shares and for mail
  std::string content_key;     // NodeStore::SeriesVerdict
  std::string base_commit;     // empty: not applied
  std::string base_described;  // for people
  Timestamp started{};
  std::optional<Timestamp> finished;
};

struct QueuedNode {
  std::int64_t node = 0, lane = 0;
  int position = 0;  // within the lane
  std::int64_t series = 0;
  int attempt = 1;
  std::string project, author;
  std::string tree;  // of the node; only read
  int priority = 0;
  Timestamp queued{}, ready_at{};
  std::chrono::seconds estimate{1};
  std::string worker;  // empty: nobody has it
  std::optional<Timestamp> lease_until;
  std::string note;  // why it waits
};

// A series that is to be judged, with its place in the queue where it had one.
struct Pending {
  std::int64_t series = 0;
  std::optional<Timestamp> queued;
  int priority = 0;  // that of its tree comes on top
};

// Every change is a transaction of its own or part of the caller's.
class WorkStore {
 public:
  explicit WorkStore(store::Database& database) : m_database(database) {}

  void open_run(const SeriesRun& run);
  std::optional<SeriesRun> run(std::int64_t series, int attempt);
  std::optional<SeriesRun> open_run_of(std::int64_t series);
  std::vector<SeriesRun> open_runs();
  // False when it was closed already: somebody else has said the last word about it.
  bool close_run(std::int64_t series, int attempt, Timestamp now);

  // Series that are to be judged, kept over a crash until open_run() or clear_pending(). Noted
  // twice: the earlier place, the higher priority.
  void note_pending(const Pending& pending);
  void clear_pending(std::int64_t series);
  std::vector<Pending> pending();  // in the order of their places
  std::optional<Pending> pending_of(std::int64_t series);

  void enqueue(const QueuedNode& node);
  std::vector<QueuedNode> all();  // by lane and position
  std::vector<QueuedNode> lane(std::int64_t lane);
  std::vector<QueuedNode> of_series(std::int64_t series);
  bool any_of_run(std::int64_t series, int attempt);

  // Gives the lane to `worker`; false when somebody has it or it is gone.
  bool claim(std::int64_t lane, std::string_view worker, Timestamp lease_until);
  // Called now and then by who has it; false: it was taken away, stop.
  bool extend(std::int64_t lane, std::string_view worker, Timestamp lease_until);
  // Lanes whose worker has not been heard of.
  std::vector<std::int64_t> expired(Timestamp now);
  // The node is done. False when it had left already.
  bool remove(std::int64_t node);

  // Median of the last runs of a job; empty: it never ran.
  std::optional<std::chrono::seconds> usual_duration(std::string_view job);

 private:
  std::vector<QueuedNode> select(std::string_view where, std::int64_t value);
  store::Database& m_database;
};

}  // namespace patchmill::pipeline
