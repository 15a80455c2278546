#include "web/queue_model.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <queue>
#include <unordered_map>

namespace patchmill::web {
namespace {

constexpr std::size_t k_most_rows = 300;
constexpr std::size_t k_most_considered = 20'000;

struct Entry {
  std::int64_t node = 0, lane = 0, position = 0, priority = 0, queued = 0, ready_at = 0;
  std::uint64_t estimate = 0;
  bool taken = false;  // its lane has a worker
  bool started = false;
  std::uint32_t place = 0;
  std::optional<std::uint64_t> starts_in;
};

std::vector<Entry> read_entries(store::Database& database) {
  std::vector<Entry> entries;
  database.each(
      "SELECT q.node, q.lane, q.position, q.priority, q.queued, q.ready_at, q.estimate,"
      " CASE WHEN q.worker <> '' THEN 1 ELSE 0 END,"
      " CASE WHEN n.state = 'running' OR n.state = 'closing' THEN 1 ELSE 0 END"
      " FROM queue q LEFT JOIN nodes n ON n.id = q.node"
      " ORDER BY q.priority DESC, q.queued, q.lane, q.position LIMIT ?",
      [&](const store::Row& row) {
        entries.push_back({row.integer(0), row.integer(1), row.integer(2), row.integer(3),
                           row.integer(4), row.integer(5),
                           static_cast<std::uint64_t>(std::max<std::int64_t>(row.integer(6), 0)),
                           row.get<bool>(7), row.get<bool>(8), 0, std::nullopt});
      },
      static_cast<std::int64_t>(k_most_considered));
  return entries;
}

// Plays the queue forward: lanes are taken whole, by the worker who is free first. Fair share and
// limits of projects are the scheduler's business; this is the estimate without it.
std::uint64_t play(std::vector<Entry>& entries, Timestamp now, unsigned workers) {
  std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> free;
  std::map<std::int64_t, std::vector<Entry*>> lanes;
  std::vector<std::int64_t> order;
  for (Entry& entry : entries) {
    auto& lane = lanes[entry.lane];
    if (lane.empty()) {
      order.push_back(entry.lane);
    }
    lane.push_back(&entry);
  }
  for (auto& [_, lane] : lanes) {
    std::sort(lane.begin(), lane.end(),
              [](const Entry* a, const Entry* b) { return a->position < b->position; });
  }
  std::stable_partition(order.begin(), order.end(), [&](std::int64_t lane) {
    return std::any_of(lanes[lane].begin(), lanes[lane].end(),
                       [](const Entry* e) { return e->taken; });
  });
  for (unsigned i = 0; i < std::max(workers, 1U); ++i) {
    free.push(0);
  }
  std::uint64_t last = 0;
  std::uint32_t place = 0;
  for (const std::int64_t lane : order) {
    std::uint64_t at = free.top();
    free.pop();
    for (Entry* entry : lanes[lane]) {
      const std::int64_t wait = (entry->ready_at - to_micros(now)) / 1'000'000;
      at = std::max<std::uint64_t>(at, wait > 0 ? static_cast<std::uint64_t>(wait) : 0);
      if (!entry->started) {
        entry->place = ++place;
        entry->starts_in = at;
      }
      at += entry->estimate;
    }
    last = std::max(last, at);
    free.push(at);
  }
  return last;
}

}  // namespace

QueueModel read_queue(store::Database& database, Timestamp now, const std::vector<QueueSlot>& order,
                      unsigned workers) {
  QueueModel model;
  std::vector<Entry> entries = read_entries(database);
  const auto total = database.value<std::int64_t>("SELECT count(*) FROM queue");
  const std::uint64_t length = play(entries, now, workers);
  if (!entries.empty()) {
    model.empty_in = length;
  }
  if (!order.empty()) {
    std::unordered_map<std::int64_t, const QueueSlot*> slots;
    for (const QueueSlot& slot : order) {
      slots[slot.node] = &slot;
    }
    // What the scheduler does not name comes after what it does.
    for (Entry& entry : entries) {
      if (entry.started) {
        continue;
      }
      if (const auto slot = slots.find(entry.node); slot != slots.end()) {
        entry.place = slot->second->position;
        entry.starts_in = slot->second->starts_in;
      } else {
        entry.place += static_cast<std::uint32_t>(order.size());
      }
    }
  }
  for (const Entry& entry : entries) {
    model.running += static_cast<std::uint64_t>(entry.started);
  }
  model.waiting = static_cast<std::uint64_t>(total) - model.running;
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.place < b.place; });
  if (entries.size() > k_most_rows) {
    entries.resize(k_most_rows);
  }
  for (const Entry& entry : entries) {
    database.each(
        "SELECT n.name, n.patch, q.series, s.name, q.project, q.author, q.worker, q.note, q.queued,"
        " q.ready_at, n.started, q.priority, q.lane FROM queue q JOIN nodes n ON n.id = q.node"
        " LEFT JOIN series s ON s.number = q.series WHERE q.node = ?",
        [&](const store::Row& row) {
          QueueRow one;
          one.node = entry.node;
          one.name = row.text(0);
          if (row.integer(1) > 0) {
            one.patch = row.get<int>(1);
          }
          one.series = row.integer(2);
          one.series_name = row.text(3);
          one.project = row.text(4);
          one.author = row.text(5);
          one.worker = row.text(6);
          one.note = row.text(7);
          one.queued = from_micros(row.integer(8));
          one.ready_at = from_micros(row.integer(9));
          if (!row.is_null(10)) {
            one.started = from_micros(row.integer(10));
          }
          one.priority = row.get<int>(11);
          one.lane = row.integer(12);
          one.running = entry.started;
          one.estimate = entry.estimate;
          one.position = entry.place;
          one.starts_in = entry.starts_in;
          model.rows.push_back(std::move(one));
        },
        entry.node);
  }
  database.each("SELECT scope, who, reason, time FROM pauses ORDER BY scope LIMIT 100",
                [&](const store::Row& row) {
                  model.pauses.push_back({row.get<std::string>(0), row.get<std::string>(1),
                                          row.get<std::string>(2), from_micros(row.integer(3))});
                });
  database.each("SELECT kind, who, reason, target, time FROM requests ORDER BY id LIMIT 100",
                [&](const store::Row& row) {
                  model.requests.push_back({row.get<std::string>(0), row.get<std::string>(1),
                                            row.get<std::string>(2), row.integer(3),
                                            from_micros(row.integer(4))});
                });
  return model;
}

}  // namespace patchmill::web
