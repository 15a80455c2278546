#pragma once
// The same job on the base commit: what was broken before is not blamed on a series.

#include "app/job_runner.hpp"

#include <map>
#include <set>
#include <string>

namespace patchmill::app {

struct BaselineResult {
  findings::Verdict verdict = findings::Verdict::incomplete;
  std::string summary;
  std::vector<findings::Finding> findings;
};

// Asked for only when a job found something; kept per (job, tree, base commit) as a node of no
// series, so each base is judged once.
class Baselines {
 public:
  Baselines(Workspace& workspace, JobRunner& runner);
  Result<BaselineResult> of(const pipeline::JobSpec& job, const JobTarget& target);

 private:
  Result<BaselineResult> run(const pipeline::JobSpec& job, const JobTarget& base);
  std::vector<const pipeline::JobSpec*> with_needs(const pipeline::JobSpec& job) const;

  Workspace& m_workspace;
  JobRunner& m_runner;
};

// A job's outcome seen against its baseline: the verdict, its one-line reason, and the findings
// the series introduces.
struct Judgement {
  findings::Verdict verdict = findings::Verdict::incomplete;
  std::string summary;
  std::vector<findings::Finding> findings;
};
// `base` is empty where no baseline is wanted.
Judgement judge(const runtimes::RunOutcome& run, const BaselineResult* base);
// Whether the baseline can change the judgement at all.
bool needs_baseline(const runtimes::RunOutcome& run);

}  // namespace patchmill::app
