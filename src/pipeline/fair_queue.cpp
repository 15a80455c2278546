#include "pipeline/fair_queue.hpp"

#include <algorithm>
#include <functional>

namespace patchmill::pipeline {

namespace {

void drop_one(std::map<int, std::size_t, std::greater<>>& counts, int priority) {
  const auto found = counts.find(priority);
  if (found != counts.end() && --found->second == 0) {
    counts.erase(found);
  }
}

}  // namespace

void FairQueue::set_weight(const std::string& project, unsigned weight) {
  m_projects[project].weight = std::max(1u, weight);
}

void FairQueue::add(Waiting waiting) {
  remove(waiting.lane);
  waiting.estimate = std::max(waiting.estimate, std::chrono::seconds(1));
  m_asleep.emplace(waiting.ready_at, waiting.lane);
  const std::int64_t lane = waiting.lane;
  m_lanes.emplace(lane, std::move(waiting));
}

bool FairQueue::remove(std::int64_t lane) {
  const auto found = m_lanes.find(lane);
  if (found == m_lanes.end()) {
    return false;
  }
  if (m_asleep.erase({found->second.ready_at, lane}) == 0) {
    unput(found->second);
  }
  m_lanes.erase(found);
  return true;
}

// Those whose time has come join their author's line.
void FairQueue::wake(Timestamp now) {
  while (!m_asleep.empty() && m_asleep.begin()->first <= now) {
    put(m_lanes.at(m_asleep.begin()->second));
    m_asleep.erase(m_asleep.begin());
  }
}

void FairQueue::put(const Waiting& waiting) {
  Project& project = m_projects[waiting.project];
  if (project.ready.empty()) {
    project.got = std::max(project.got, m_now);
  }
  Author& author = project.authors[waiting.author];
  if (author.ready.empty()) {
    double least = project.got;
    bool any = false;
    for (const auto& [name, other] : project.authors) {
      if (!other.ready.empty() && (!any || other.got < least)) {
        least = other.got;
        any = true;
      }
    }
    author.got = any ? std::max(author.got, least) : author.got;
  }
  author.ready[waiting.priority].emplace(waiting.queued, waiting.lane);
  ++project.ready[waiting.priority];
  ++m_ready[waiting.priority];
}

void FairQueue::unput(const Waiting& waiting) {
  Project& project = m_projects.at(waiting.project);
  Author& author = project.authors.at(waiting.author);
  auto& line = author.ready.at(waiting.priority);
  line.erase({waiting.queued, waiting.lane});
  if (line.empty()) {
    author.ready.erase(waiting.priority);
  }
  drop_one(project.ready, waiting.priority);
  drop_one(m_ready, waiting.priority);
}

std::optional<std::int64_t> FairQueue::first() const {
  if (m_ready.empty()) {
    return std::nullopt;
  }
  const int priority = m_ready.begin()->first;
  const Project* best_project = nullptr;
  for (const auto& [name, project] : m_projects) {
    if (project.ready.contains(priority) &&
        (best_project == nullptr || project.got < best_project->got)) {
      best_project = &project;
    }
  }
  const Author* best = nullptr;
  for (const auto& [name, author] : best_project->authors) {
    const auto line = author.ready.find(priority);
    if (line != author.ready.end() &&
        (best == nullptr || author.got < best->got ||
         (author.got == best->got && *line->second.begin() < *best->ready.at(priority).begin()))) {
      best = &author;
    }
  }
  return best->ready.at(priority).begin()->second;
}

std::optional<Waiting> FairQueue::take(Timestamp now) {
  wake(now);
  const auto lane = first();
  if (!lane) {
    return std::nullopt;
  }
  Waiting taken = m_lanes.at(*lane);
  remove(*lane);
  Project& project = m_projects.at(taken.project);
  Author& author = project.authors.at(taken.author);
  m_now = std::max(m_now, project.got);
  const auto cost = static_cast<double>(taken.estimate.count());
  project.got += cost / project.weight;
  author.got += cost;
  // Nobody's memory is kept for ever: an author with nothing waiting and nothing ahead is new.
  if (author.ready.empty()) {
    bool ahead = false;
    for (const auto& [name, other] : project.authors) {
      ahead = ahead || (!other.ready.empty() && other.got < author.got);
    }
    if (!ahead) {
      project.authors.erase(taken.author);
    }
  }
  return taken;
}

std::optional<Timestamp> FairQueue::next_ready() const {
  if (!m_ready.empty()) {
    return Timestamp{};
  }
  return m_asleep.empty() ? std::nullopt : std::optional(m_asleep.begin()->first);
}

std::vector<Waiting> FairQueue::order(Timestamp now, std::size_t limit) const {
  FairQueue copy = *this;
  std::vector<Waiting> result;
  while (result.size() < limit) {
    auto next = copy.take(now);
    if (!next) {
      break;
    }
    result.push_back(std::move(*next));
  }
  for (auto later = copy.m_asleep.begin(); later != copy.m_asleep.end() && result.size() < limit;
       ++later) {
    result.push_back(copy.m_lanes.at(later->second));
  }
  return result;
}

}  // namespace patchmill::pipeline
