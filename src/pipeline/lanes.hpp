#pragma once
// Which jobs of a series must run one after the other in one place.

#include "pipeline/job.hpp"

#include <cstddef>
#include <vector>

namespace patchmill::pipeline {

// The lane of each planned job: a number from 0, in the order of the lanes' first jobs. Runs of one
// job, jobs that need each other, and jobs with a warm folder in common share a lane, for they hand
// on their work in that folder; all others may run at the same time.
std::vector<std::size_t> lanes_of(const Plan& plan);

}  // namespace patchmill::pipeline
