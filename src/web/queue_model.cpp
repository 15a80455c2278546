#include "web/queue_model.hpp"

#include <algorithm>
#include <chrono>
#include <queue>
#include <tuple>
#include <unordered_map>

namespace patchmill::web {
namespace {

constexpr std::size_t k_most_queue_rows = 300;
constexpr std::size_t k_most_considered = 20'000;

struct Entry {
  std::int64_t node = 0, position = 0, ready_at = 0;
  std::uint64_t estimate = 0;
  std::uint64_t left = 0;  // of the estimate
  bool started = false;
  std::uint32_t place = 0;
  std::optional<std::uint64_t> starts_in;
};

// Nodes that run one after the other on one worker.
struct Lane {
  std::vector<Entry> entries;
  bool taken = false;               // by a worker
  const QueueSlot* slot = nullptr;  // what the scheduler says of one that waits
};

std::uint64_t seconds_left(std::uint64_t estimate, Timestamp started, Timestamp now) {
  const auto spent = std::chrono::duration_cast<std::chrono::seconds>(now - started).count();
  // The clock may have been set meanwhile.
  return estimate -
         std::min(estimate, static_cast<std::uint64_t>(std::max<std::int64_t>(spent, 0)));
}

// Those that a worker has, those that wait in the order told, then the rest by priority and age.
std::vector<Lane> read_lanes(store::Database& database, Timestamp now,
                             const std::vector<QueueSlot>& order) {
  std::vector<Lane> lanes;
  std::unordered_map<std::int64_t, std::size_t> index;  // by number
  database.each(
      "SELECT q.node, q.lane, q.position, q.ready_at, q.estimate, q.worker, n.state, n.started"
      " FROM queue q LEFT JOIN nodes n ON n.id = q.node"
      " ORDER BY q.priority DESC, q.queued, q.lane, q.position LIMIT ?",
      [&](const store::Row& row) {
        Entry entry;
        entry.node = row.integer(0);
        entry.position = row.integer(2);
        entry.ready_at = row.integer(3);
        entry.estimate = static_cast<std::uint64_t>(std::max<std::int64_t>(row.integer(4), 0));
        const std::string state = row.is_null(6) ? "" : row.get<std::string>(6);
        entry.started = state == "running" || state == "closing";
        entry.left = entry.started && !row.is_null(7)
                         ? seconds_left(entry.estimate, from_micros(row.integer(7)), now)
                         : entry.estimate;
        const auto at = index.try_emplace(row.integer(1), lanes.size());
        Lane& lane = at.second ? lanes.emplace_back() : lanes[at.first->second];
        lane.taken = lane.taken || !row.text(5).empty();
        lane.entries.push_back(std::move(entry));
      },
      static_cast<std::int64_t>(k_most_considered));
  for (const QueueSlot& slot : order) {
    const auto found = index.find(slot.lane);
    if (found != index.end() && !lanes[found->second].taken) {
      lanes[found->second].slot = &slot;
    }
  }
  const QueueSlot* const first = order.data();
  const auto rank = [&](const Lane& lane) {
    return lane.taken ? -1 : (lane.slot != nullptr ? lane.slot : first + order.size()) - first;
  };
  std::stable_sort(lanes.begin(), lanes.end(),
                   [&](const Lane& a, const Lane& b) { return rank(a) < rank(b); });
  for (Lane& lane : lanes) {
    std::sort(lane.entries.begin(), lane.entries.end(),
              [](const Entry& a, const Entry& b) { return a.position < b.position; });
  }
  return lanes;
}

// Plays the queue forward: lanes are taken whole, by the worker who is free first. Fair share and
// limits of projects are the scheduler's business; without its order this is the estimate. Returns
// when everything has run; none: something is held back.
std::optional<std::uint64_t> play(std::vector<Lane>& lanes, Timestamp now, unsigned workers) {
  std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> free;
  for (unsigned i = 0; i < std::max(workers, 1U); ++i) {
    free.push(0);
  }
  std::uint64_t last = 0;
  bool held = false;
  for (Lane& lane : lanes) {
    if (lane.slot != nullptr && !lane.slot->starts_in) {
      held = true;
      continue;
    }
    std::uint64_t at = lane.slot != nullptr ? *lane.slot->starts_in : free.top();
    free.pop();
    for (Entry& entry : lane.entries) {
      const std::int64_t wait = (entry.ready_at - to_micros(now)) / 1'000'000;
      at = std::max<std::uint64_t>(at, wait > 0 ? static_cast<std::uint64_t>(wait) : 0);
      if (!entry.started) {
        entry.starts_in = at;
      }
      at += entry.left;
    }
    last = std::max(last, at);
    free.push(at);
  }
  return held ? std::nullopt : std::optional(last);
}

// What runs, then what waits by when it starts, then what is held back.
std::vector<Entry> in_order(const std::vector<Lane>& lanes) {
  std::vector<Entry> entries;
  for (const Lane& lane : lanes) {
    entries.insert(entries.end(), lane.entries.begin(), lane.entries.end());
  }
  const auto key = [](const Entry& entry) {
    return std::tuple(!entry.started, !entry.starts_in, entry.starts_in.value_or(0));
  };
  std::stable_sort(entries.begin(), entries.end(),
                   [&](const Entry& a, const Entry& b) { return key(a) < key(b); });
  std::uint32_t place = 0;
  for (Entry& entry : entries) {
    entry.place = entry.started ? 0 : ++place;
  }
  return entries;
}

}  // namespace

QueueModel read_queue(store::Database& database, Timestamp now, const std::vector<QueueSlot>& order,
                      unsigned workers) {
  QueueModel model;
  std::vector<Lane> lanes = read_lanes(database, now, order);
  const auto total = database.value<std::int64_t>("SELECT count(*) FROM queue");
  if (!lanes.empty()) {
    model.empty_in = play(lanes, now, workers);
  }
  std::vector<Entry> entries = in_order(lanes);
  for (const Entry& entry : entries) {
    model.running += static_cast<std::uint64_t>(entry.started);
  }
  model.waiting = static_cast<std::uint64_t>(total) - model.running;
  if (entries.size() > k_most_queue_rows) {
    entries.resize(k_most_queue_rows);
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
