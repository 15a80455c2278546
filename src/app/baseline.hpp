#pragma once
// The same job on the base commit: what was broken before is not blamed on a series.

#include "app/job_runner.hpp"
#include "util/clock.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace patchmill::app {

struct BaselineResult {
  findings::Verdict verdict = findings::Verdict::incomplete;
  std::string summary;
  std::vector<findings::Finding> findings;
  bool ran = false;  // just now, not taken from the store
  // What the patches before brought: known like the findings, but not the base's.
  std::vector<findings::Finding> earlier = {};
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
// Whether a failure is nothing but failed tests, each with its name: what did not fail was
// measured, and passed.
bool only_tests_failed(findings::Verdict verdict, std::span<const findings::Finding> findings);
// Whether the baseline can change the judgement at all.
bool needs_baseline(const runtimes::RunOutcome& run);

// Asked for only when a job found something; kept per (job with its program and what it needs,
// tree, base commit) as a node of no series, so each base is judged once.
class Baselines {
 public:
  Baselines(Workspace& workspace, JobRunner& runner);
  Result<BaselineResult> of(const pipeline::JobSpec& job, const JobTarget& target);

  // What `run`, the job's outcome at the target just now, says of the series; `before` is what the
  // patches before it brought. A build in a warm folder warns of no more than it compiles, so a
  // warning is blamed on the series only when building base and target once more, each on what the
  // other left, shows it again at the target alone.
  Result<Judgement> compare(const pipeline::JobSpec& job, const JobTarget& target,
                            runtimes::RunOutcome run, std::span<const findings::Finding> before);

 private:
  Result<BaselineResult> run(const pipeline::JobSpec& job, const JobTarget& base);
  std::vector<const pipeline::JobSpec*> with_needs(const pipeline::JobSpec& job) const;
  struct Repetition {
    JobOutcome outcome;
    Timestamp started{};  // the job's own, after what it needs
  };
  // The job and what it needs, once more; nothing when it does not end as before.
  Result<std::optional<Repetition>> repeat(const pipeline::JobSpec& job, const JobTarget& target,
                                           findings::Verdict before);
  // Repeats a baseline that is in the store. Its node is of this run then, and node and `known` add
  // what it found to what they had; false, or an error, leaves both as they were.
  Result<bool> repeat_base(const pipeline::JobSpec& job, const JobTarget& base,
                           BaselineResult& known);
  pipeline::Node node_of(const pipeline::JobSpec& job, const JobTarget& base);

  Workspace& m_workspace;
  JobRunner& m_runner;
};

}  // namespace patchmill::app
