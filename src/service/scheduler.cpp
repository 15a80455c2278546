#include "service/scheduler.hpp"

#include "util/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace patchmill::service {
namespace {

constexpr std::chrono::milliseconds k_store_pause{1000};
constexpr std::chrono::milliseconds k_longest_node_wait{60'000};

}  // namespace

Scheduler::Scheduler(OpenStore open, const Clock& clock, std::string holder,
                     std::chrono::seconds lease)
    : m_open(std::move(open)), m_clock(clock), m_holder(std::move(holder)), m_lease(lease) {}

store::Database& Scheduler::database() {
  if (!m_database) {
    m_database = m_open();
  }
  return *m_database;
}

const pipeline::Pause* Scheduler::pause_for(const Lane& lane) const {
  return pipeline::pause_of(m_pauses, lane.waiting.project, lane.tree);
}

void Scheduler::put(const Lane& lane) {
  if (pause_for(lane) == nullptr) {
    m_queue.add(lane.waiting);
  }
}

// Rows come by lane and position.
void Scheduler::add(const std::vector<pipeline::QueuedNode>& nodes) {
  for (std::size_t i = 0; i < nodes.size();) {
    const auto& first = nodes[i];
    Lane lane;
    lane.series = first.series;
    lane.attempt = first.attempt;
    lane.tree = first.tree;
    lane.waiting.lane = first.lane;
    lane.waiting.project = first.project;
    lane.waiting.author = first.author;
    lane.waiting.priority = first.priority;
    lane.waiting.queued = first.queued;
    lane.waiting.ready_at = first.ready_at;
    lane.waiting.estimate = std::chrono::seconds(0);
    for (; i < nodes.size() && nodes[i].lane == lane.waiting.lane; ++i) {
      lane.waiting.estimate += nodes[i].estimate;
    }
    if (first.worker.empty() && !m_running.contains(first.lane)) {
      m_lanes[first.lane] = lane;
      put(lane);
    }
  }
}

// What waits of a series; the caller holds m_mutex.
void Scheduler::forget(std::int64_t series) {
  std::erase_if(m_lanes, [&](const auto& entry) {
    if (entry.second.series != series) {
      return false;
    }
    m_queue.remove(entry.first);
    return true;
  });
}

void Scheduler::load() {
  const std::lock_guard store_lock(m_store_mutex);
  const auto nodes = pipeline::WorkStore(database()).all();
  const std::lock_guard lock(m_mutex);
  add(nodes);
  m_changed.notify_all();
}

void Scheduler::refresh_series(std::int64_t series) {
  const std::lock_guard store_lock(m_store_mutex);
  const auto nodes = pipeline::WorkStore(database()).of_series(series);
  const std::lock_guard lock(m_mutex);
  forget(series);
  add(nodes);
  m_changed.notify_all();
}

std::shared_ptr<Claim> Scheduler::try_take(const std::string& worker) {
  const std::lock_guard store_lock(m_store_mutex);
  std::shared_ptr<Claim> claim;
  Lane lane;
  {
    const std::lock_guard lock(m_mutex);
    const auto next = m_queue.take(m_clock.now());
    if (!next) {
      return nullptr;
    }
    lane = m_lanes.at(next->lane);
    m_lanes.erase(next->lane);
    claim = std::make_shared<Claim>();
    claim->lane = next->lane;
    claim->series = lane.series;
    claim->attempt = lane.attempt;
    claim->worker = worker;
    claim->started = m_clock.now();
    claim->estimate = next->estimate;
    m_running[claim->lane] = claim;
  }
  const auto put_back = [&] {
    const std::lock_guard lock(m_mutex);
    m_running.erase(claim->lane);
    m_lanes[claim->lane] = lane;
    put(lane);
  };
  try {
    if (pipeline::WorkStore(database())
            .claim(claim->lane, m_holder + "/" + worker, m_clock.now() + m_lease)) {
      return claim;
    }
  } catch (const store::DatabaseError&) {
    m_database.reset();
    put_back();
    throw;
  }
  // It left the queue, or another process has it.
  const std::lock_guard lock(m_mutex);
  m_running.erase(claim->lane);
  return nullptr;
}

std::shared_ptr<Claim> Scheduler::take(const std::string& worker, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    bool empty_handed = true;
    try {
      if (auto claim = try_take(worker)) {
        return claim;
      }
    } catch (const store::DatabaseError& error) {
      log::error("the queue cannot be read: {}; trying again", error.what());
      empty_handed = false;
    }
    std::unique_lock lock(m_mutex);
    std::chrono::microseconds wait = k_longest_node_wait;
    if (!empty_handed) {
      wait = k_store_pause;
    } else if (const auto next = m_queue.next_ready()) {
      if (*next <= m_clock.now()) {
        continue;
      }
      wait = std::min<std::chrono::microseconds>(wait, *next - m_clock.now());
    }
    m_changed.wait_for(lock, stop, wait, [&] {
      const auto next = m_queue.next_ready();
      return empty_handed && next && *next <= m_clock.now();
    });
  }
  return nullptr;
}

void Scheduler::done(const std::shared_ptr<Claim>& claim) {
  const std::lock_guard lock(m_mutex);
  const auto found = m_running.find(claim->lane);
  if (found != m_running.end() && found->second == claim) {
    m_running.erase(found);
  }
}

void Scheduler::cancel(std::int64_t series) {
  const std::lock_guard lock(m_mutex);
  forget(series);
  for (const auto& [lane, claim] : m_running) {
    if (claim->series == series) {
      claim->stop.request_stop();
    }
  }
}

void Scheduler::set_pauses(std::vector<pipeline::Pause> pauses) {
  const std::lock_guard lock(m_mutex);
  m_pauses = std::move(pauses);
  for (const auto& [number, lane] : m_lanes) {
    const bool held = pause_for(lane) != nullptr;
    if (held) {
      m_queue.remove(number);
    } else if (!m_queue.contains(number)) {
      m_queue.add(lane.waiting);
    }
  }
  m_changed.notify_all();
}

void Scheduler::set_weight(const std::string& project, unsigned weight) {
  const std::lock_guard lock(m_mutex);
  m_queue.set_weight(project, weight);
}

std::vector<std::int64_t> Scheduler::keep_leases() {
  const std::lock_guard store_lock(m_store_mutex);
  pipeline::WorkStore work(database());
  const Timestamp now = m_clock.now();
  for (const auto& claim : running()) {
    // Not extended: the nodes were ended by somebody else, or given to another worker.
    if (!work.extend(claim->lane, m_holder + "/" + claim->worker, now + m_lease)) {
      const std::lock_guard lock(m_mutex);
      const auto found = m_running.find(claim->lane);
      if (found != m_running.end() && found->second == claim && !work.lane(claim->lane).empty()) {
        found->second->stop.request_stop();
      }
    }
  }
  std::set<std::int64_t> series;
  for (const std::int64_t lane : work.expired(now)) {
    const auto nodes = work.lane(lane);
    if (!nodes.empty()) {
      log::warning("the worker {} of series {} has not been heard of; its nodes are done again",
                   nodes.front().worker, nodes.front().series);
      series.insert(nodes.front().series);
    }
  }
  return {series.begin(), series.end()};
}

SchedulerCounts Scheduler::counts() const {
  const std::lock_guard lock(m_mutex);
  SchedulerCounts counts;
  counts.waiting = m_queue.size();
  counts.held = m_lanes.size() - m_queue.size();
  counts.running = m_running.size();
  return counts;
}

std::vector<std::shared_ptr<const Claim>> Scheduler::running() const {
  const std::lock_guard lock(m_mutex);
  std::vector<std::shared_ptr<const Claim>> result;
  for (const auto& [lane, claim] : m_running) {
    result.push_back(claim);
  }
  return result;
}

std::vector<QueuePlace> Scheduler::order(std::size_t limit, unsigned workers) const {
  const std::lock_guard lock(m_mutex);
  const Timestamp now = m_clock.now();
  // When each worker is free, by the usual times.
  std::multiset<std::chrono::seconds> free;
  for (const auto& [lane, claim] : m_running) {
    const auto spent = std::chrono::duration_cast<std::chrono::seconds>(now - claim->started);
    // The clock may have been set meanwhile, back or ahead.
    free.insert(std::clamp(claim->estimate - spent, std::chrono::seconds(0), claim->estimate));
  }
  while (free.size() < std::max(workers, 1u)) {
    free.insert(std::chrono::seconds(0));
  }
  std::vector<QueuePlace> result;
  const auto place_of = [&](const Lane& lane) {
    QueuePlace place;
    place.lane = lane.waiting.lane;
    place.series = lane.series;
    place.project = lane.waiting.project;
    place.author = lane.waiting.author;
    place.priority = lane.waiting.priority;
    place.queued = lane.waiting.queued;
    return place;
  };
  for (const auto& waiting : m_queue.order(now, limit)) {
    QueuePlace place = place_of(m_lanes.at(waiting.lane));
    std::chrono::seconds start = *free.begin();
    if (waiting.ready_at > now) {
      place.why = "waits for its time";
      start = std::max(start, std::chrono::ceil<std::chrono::seconds>(waiting.ready_at - now));
    } else if (start.count() > 0) {
      place.why = "every worker is busy";
    }
    place.starts_in = start;
    free.erase(free.begin());
    free.insert(start + waiting.estimate);
    result.push_back(std::move(place));
  }
  for (const auto& [number, lane] : m_lanes) {
    if (result.size() >= limit) {
      break;
    }
    if (const auto* pause = pause_for(lane)) {
      QueuePlace place = place_of(lane);
      place.why = fmt::format("paused by {}{}", pause->who,
                              pause->reason.empty() ? "" : ": " + pause->reason);
      result.push_back(std::move(place));
    }
  }
  return result;
}

}  // namespace patchmill::service
