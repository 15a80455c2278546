#pragma once
// The order in which jobs may run, given what each needs.

#include "pipeline/job.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace patchmill::pipeline {

struct JobOrder {
  std::vector<std::size_t> order;  // indexes, every job after those it needs; else as declared
  // Jobs that can never run, with the reason: in a cycle, or behind one.
  std::vector<std::pair<std::size_t, std::string>> impossible;
};
// Names that do not exist are ignored here.
JobOrder order_jobs(const std::vector<JobSpec>& jobs);

}  // namespace patchmill::pipeline
