#pragma once
// Jobs as configuration declares them, and which of them a series gets.

#include "pipeline/node.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::pipeline {

enum class Scope { series, patch };

// Limits of one run in the local runtime; 0 means none.
struct JobLimits {
  std::chrono::seconds timeout{1800};
  std::uint64_t memory_bytes = 4ull << 30;
  std::uint64_t processes = 512;
  std::uint64_t output_bytes = 64ull << 20;  // of log; more is cut and the run is killed
  std::uint64_t disk_bytes = 8ull << 30;     // a single file's size, and the scratch folder's
};

struct JobSpec {
  std::string name;
  NodeKind kind = NodeKind::job;
  Scope scope = Scope::series;
  std::vector<std::string> command;      // argv; runs in the source folder
  std::string nipa_dir;                  // instead of command: a NIPA test directory (info.json)
  std::vector<std::string> needs;        // jobs that must pass first
  std::vector<std::string> match_trees;  // empty: every tree
  std::vector<std::string> match_paths;  // globs; empty: whatever is touched
  std::vector<std::string> match_tags;   // subject prefixes
  std::string results;                   // how to read its output: "" | "ktap" | "compiler"
  std::string warm;                  // name of a warm build folder kept between runs; empty: none
  std::vector<std::string> network;  // empty: no network; "any" allows it
  std::map<std::string, std::string> env;
  std::string skip_reason;             // set: never runs, and why ("disabled in its info.json")
  std::vector<std::string> read_only;  // more host folders it may read
  bool own_source = false;             // it changes the source: gets a checkout to itself
  std::vector<std::string> artifacts;  // globs under RESULTS_DIR to keep
  JobLimits limits;
};

struct PlannedJob {
  const JobSpec* job = nullptr;
  std::optional<int> patch;  // per-patch jobs: which
};
struct SkippedJob {
  const JobSpec* job = nullptr;
  std::string reason;  // why it does not run, for people
};
struct Plan {
  std::vector<PlannedJob> jobs;  // in an order that respects `needs`
  std::vector<SkippedJob> skipped;
};

struct PlanInput {
  std::string tree;
  std::vector<std::string> tags;                // subject prefixes of the series
  std::vector<std::vector<std::string>> paths;  // touched, per patch
  std::vector<std::string> ci_tags;             // values of "CI-tag:" lines; "skip" runs no job
};
// Never fails: jobs that cannot run (a cycle, a `needs` that names nothing) are skipped with the
// reason. Pointers in the plan point into `jobs`.
Plan make_plan(const std::vector<JobSpec>& jobs, const PlanInput& input);

// What is wrong with the jobs of a configuration, one sentence each: names used twice, no or two
// ways to run, unknown `needs` (with the nearest name), cycles (with the way round).
std::vector<std::string> check_jobs(const std::vector<JobSpec>& jobs);

// A planned job that has ended, for blocked_by().
struct JobResult {
  std::string name;
  std::optional<int> patch;
  findings::Verdict verdict = findings::Verdict::incomplete;
};
// Why a planned job must not start now that these have ended: a job it needs did not pass
// (warning is a pass; of a per-patch job the same patch counts, for a job of the series all
// patches). A needed job that is not among `done` does not block: it was not planned.
std::optional<std::string> blocked_by(const PlannedJob& job, const std::vector<JobResult>& done);

}  // namespace patchmill::pipeline
