#pragma once
// What the log of a job adds to its exit status.

#include "pipeline/job.hpp"
#include "runtimes/runtime.hpp"

namespace patchmill::runtimes {

// Reads outcome.log as the job declares it ("ktap", "compiler"), fills outcome.findings, and
// corrects verdict and summary. `described`: the job gave its own summary, which stays in front.
void read_results(const pipeline::JobSpec& job, bool described, RunOutcome& outcome);

}  // namespace patchmill::runtimes
