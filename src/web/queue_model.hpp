#pragma once
// What runs, what waits and when it may start.

#include "store/database.hpp"
#include "util/clock.hpp"
#include "web/health.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::web {

struct QueueRow {
  std::int64_t node = 0, series = 0;
  std::string name, series_name, project, author, worker, note;
  std::optional<int> patch;
  std::int64_t lane = 0;
  int priority = 0;
  bool running = false;
  Timestamp queued{}, ready_at{};
  std::optional<Timestamp> started;
  std::uint64_t estimate = 0;              // seconds it takes, from earlier runs; 0: unknown
  std::uint32_t position = 0;              // of those waiting; 1 is next; 0: running
  std::optional<std::uint64_t> starts_in;  // seconds; empty: it runs, or is held back
};
struct PauseRow {
  std::string scope, who, reason;
  Timestamp since{};
};
struct RequestRow {
  std::string kind, who, reason;
  std::int64_t target = 0;
  Timestamp time{};
};
struct QueueModel {
  std::vector<QueueRow> rows;  // running ones, then by position; at most 300
  std::uint64_t waiting = 0, running = 0;
  std::optional<std::uint64_t> empty_in;  // seconds until everything has run; none: not known
  std::vector<PauseRow> pauses;
  std::vector<RequestRow> requests;
};
// order: of the scheduler; empty: by priority and age, for so many workers.
QueueModel read_queue(store::Database& database, Timestamp now, const std::vector<QueueSlot>& order,
                      unsigned workers);

}  // namespace patchmill::web
