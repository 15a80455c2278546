#include "pipeline/lanes.hpp"

#include <map>
#include <numeric>
#include <string_view>

namespace patchmill::pipeline {

std::vector<std::size_t> lanes_of(const Plan& plan) {
  std::vector<std::size_t> above(plan.jobs.size());
  std::iota(above.begin(), above.end(), std::size_t{0});
  const auto root = [&](std::size_t i) {
    while (above[i] != i) {
      above[i] = above[above[i]];
      i = above[i];
    }
    return i;
  };
  std::map<std::string_view, std::size_t> by_name, by_folder;
  const auto join = [&](std::map<std::string_view, std::size_t>& known, std::string_view word,
                        std::size_t i) {
    const auto [at, fresh] = known.emplace(word, i);
    if (!fresh) {
      above[root(i)] = root(at->second);
    }
  };
  for (std::size_t i = 0; i < plan.jobs.size(); ++i) {
    const JobSpec& job = *plan.jobs[i].job;
    join(by_name, job.name, i);
    if (!job.warm.empty()) {
      join(by_folder, job.warm, i);
    }
  }
  for (std::size_t i = 0; i < plan.jobs.size(); ++i) {
    for (const std::string& need : plan.jobs[i].job->needs) {
      if (const auto needed = by_name.find(need); needed != by_name.end()) {
        above[root(i)] = root(needed->second);
      }
    }
  }
  std::map<std::size_t, std::size_t> numbers;
  std::vector<std::size_t> lanes;
  lanes.reserve(plan.jobs.size());
  for (std::size_t i = 0; i < plan.jobs.size(); ++i) {
    lanes.push_back(numbers.emplace(root(i), numbers.size()).first->second);
  }
  return lanes;
}

}  // namespace patchmill::pipeline
