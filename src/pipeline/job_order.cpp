#include "pipeline/job_order.hpp"

#include <map>
#include <set>
#include <string_view>

namespace patchmill::pipeline {
namespace {

// One way round, starting anywhere on a cycle that `start` reaches: "a needs b needs a".
std::string describe_cycle(const std::vector<JobSpec>& jobs,
                           const std::map<std::string_view, std::size_t>& index,
                           const std::set<std::size_t>& stuck, std::size_t start) {
  std::vector<std::size_t> path;
  std::map<std::size_t, std::size_t> position;
  std::size_t at = start;
  while (position.emplace(at, path.size()).second) {
    path.push_back(at);
    for (const std::string& need : jobs[at].needs) {
      const auto it = index.find(need);
      if (it != index.end() && stuck.contains(it->second)) {
        at = it->second;
        break;
      }
    }
  }
  std::string text;
  for (std::size_t i = position[at]; i < path.size(); ++i) {
    text += jobs[path[i]].name + " needs ";
  }
  return text + jobs[at].name;
}

}  // namespace

JobOrder order_jobs(const std::vector<JobSpec>& jobs) {
  std::map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    index.emplace(jobs[i].name, i);
  }
  std::vector<std::size_t> waiting(jobs.size(), 0);
  std::vector<std::vector<std::size_t>> followers(jobs.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    for (const std::string& need : jobs[i].needs) {
      if (const auto it = index.find(need); it != index.end()) {
        ++waiting[i];
        followers[it->second].push_back(i);
      }
    }
  }
  JobOrder result;
  std::set<std::size_t> ready, stuck;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    (waiting[i] == 0 ? ready : stuck).insert(i);
  }
  while (!ready.empty()) {
    const std::size_t next = *ready.begin();  // the one declared first
    ready.erase(ready.begin());
    result.order.push_back(next);
    for (const std::size_t follower : followers[next]) {
      if (--waiting[follower] == 0) {
        stuck.erase(follower);
        ready.insert(follower);
      }
    }
  }
  for (const std::size_t i : stuck) {
    result.impossible.emplace_back(
        i, "its needs go round in a circle: " + describe_cycle(jobs, index, stuck, i));
  }
  return result;
}

}  // namespace patchmill::pipeline
