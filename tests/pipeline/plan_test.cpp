#include "pipeline/job.hpp"

#include <doctest/doctest.h>

using namespace patchmill::pipeline;
using patchmill::findings::Verdict;

namespace {

JobSpec job(std::string name, std::vector<std::string> needs = {}, Scope scope = Scope::series) {
  JobSpec spec;
  spec.name = std::move(name);
  spec.needs = std::move(needs);
  spec.scope = scope;
  spec.command = {"true"};
  return spec;
}

std::vector<std::string> planned(const Plan& plan) {
  std::vector<std::string> names;
  for (const PlannedJob& planned : plan.jobs) {
    names.push_back(planned.job->name +
                    (planned.patch ? ":" + std::to_string(*planned.patch) : ""));
  }
  return names;
}

std::string reason(const Plan& plan, std::string_view name) {
  for (const SkippedJob& skipped : plan.skipped) {
    if (skipped.job->name == name) {
      return skipped.reason;
    }
  }
  return "(not skipped)";
}

const PlanInput input{
    "main", {"net"}, {{"net/a.c"}, {"docs/b.rst", "net/c.c"}, {"docs/d.rst"}}, {}};

}  // namespace

TEST_CASE("pipeline::make_plan: needs come first, else the order of declaration") {
  const std::vector<JobSpec> jobs = {job("boot", {"build"}), job("style"), job("build")};
  CHECK(planned(make_plan(jobs, input)) == std::vector<std::string>{"style", "build", "boot"});
}

TEST_CASE("pipeline::make_plan: per-patch jobs follow the patches that match") {
  std::vector<JobSpec> jobs = {job("build", {}, Scope::patch), job("docs", {}, Scope::patch)};
  jobs[1].match_paths = {"docs/*"};
  CHECK(planned(make_plan(jobs, input)) ==
        std::vector<std::string>{"build:1", "build:2", "build:3", "docs:2", "docs:3"});
}

TEST_CASE("pipeline::make_plan: every job left out says why") {
  std::vector<JobSpec> jobs = {job("tree"),
                               job("tags"),
                               job("paths"),
                               job("off"),
                               job("after", {"tags"}),
                               job("lost", {"nothing"})};
  jobs[0].match_trees = {"next", "stable"};
  jobs[1].match_tags = {"bpf"};
  jobs[2].match_paths = {"drivers/*"};
  jobs[3].skip_reason = "disabled in its info.json";
  const Plan plan = make_plan(jobs, input);
  CHECK(plan.jobs.empty());
  CHECK(reason(plan, "tree") == "only for the trees next, stable; this series is on main");
  CHECK(reason(plan, "tags") == "no subject has a tag of: bpf");
  CHECK(reason(plan, "paths") == "no patch touches: drivers/*");
  CHECK(reason(plan, "off") == "disabled in its info.json");
  CHECK(reason(plan, "after") == "it needs tags, which does not run");
  CHECK(reason(plan, "lost") == "it needs nothing, and there is no such job");
}

TEST_CASE("pipeline::make_plan: tags match whatever their case") {
  std::vector<JobSpec> jobs = {job("a")};
  jobs[0].match_tags = {"NET"};
  CHECK(make_plan(jobs, input).jobs.size() == 1);
}

TEST_CASE("pipeline::make_plan: CI-tag: skip leaves everything out") {
  const std::vector<JobSpec> jobs = {job("a")};
  PlanInput tagged = input;
  tagged.ci_tags = {"other", " Skip "};
  const Plan plan = make_plan(jobs, tagged);
  CHECK(plan.jobs.empty());
  CHECK(reason(plan, "a") == "the author asked for no tests (CI-tag: skip)");
}

TEST_CASE("pipeline::make_plan: cycles are skipped with the way round, the rest runs") {
  const std::vector<JobSpec> jobs = {job("a", {"b"}), job("b", {"c"}), job("c", {"b"}), job("d"),
                                     job("e", {"e"})};
  const Plan plan = make_plan(jobs, input);
  CHECK(planned(plan) == std::vector<std::string>{"d"});
  CHECK(reason(plan, "a") == "its needs go round in a circle: b needs c needs b");
  CHECK(reason(plan, "e") == "its needs go round in a circle: e needs e");
}

TEST_CASE("pipeline::check_jobs: names what is wrong and the nearest name") {
  std::vector<JobSpec> jobs = {job("build"),    job("build"),    job("boot", {"biuld"}),
                               job("x", {"y"}), job("y", {"x"}), job("idle"),
                               job("net")};
  jobs[5].command.clear();
  jobs[6].network = {"example.org"};
  jobs[6].results = "junit";
  const auto problems = check_jobs(jobs);
  const std::vector<std::string> expected = {
      "two jobs are named build; rename one",
      "job idle must have either a command or a NIPA test directory",
      "job net: network is either empty or \"any\", not \"example.org\"",
      "job net: results is \"ktap\" or \"compiler\", not \"junit\"",
      "job boot needs biuld, and there is no such job; did you mean build?",
      "job x can never run: its needs go round in a circle: x needs y needs x",
      "job y can never run: its needs go round in a circle: y needs x needs y"};
  CHECK(problems == expected);
  CHECK(check_jobs({job("a"), job("b", {"a"})}).empty());
}

TEST_CASE("pipeline::blocked_by: the same patch, or all of them") {
  const JobSpec boot = job("boot", {"build"}), build = job("build");
  const std::vector<JobResult> done = {{"build", 1, Verdict::pass}, {"build", 2, Verdict::fail}};
  CHECK_FALSE(blocked_by({&boot, 1}, done));
  CHECK(blocked_by({&boot, 2}, done) == "it needs build, which ended as fail for patch 2");
  CHECK(blocked_by({&boot, std::nullopt}, done));
  CHECK_FALSE(blocked_by({&build, 1}, done));
  CHECK_FALSE(blocked_by({&boot, 1}, {{"build", std::nullopt, Verdict::warning}}));
  CHECK(blocked_by({&boot, 1}, {{"build", std::nullopt, Verdict::incomplete}}));
  CHECK_FALSE(blocked_by({&boot, 3}, done));  // the build of patch 3 was not planned
}
