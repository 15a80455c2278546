#include "pipeline/lanes.hpp"

#include <doctest/doctest.h>

using namespace patchmill::pipeline;

namespace {

JobSpec lane_job(const char* name, std::vector<std::string> needs = {}, const char* warm = "") {
  JobSpec spec;
  spec.name = name;
  spec.needs = std::move(needs);
  spec.warm = warm;
  return spec;
}

}  // namespace

TEST_CASE("pipeline::lanes_of: what hands on its work shares a lane, the rest does not") {
  using Lanes = std::vector<std::size_t>;
  const std::vector<JobSpec> jobs{
      lane_job("a"), lane_job("build", {}, "um"), lane_job("boot", {"build"}),
      lane_job("b"), lane_job("other", {}, "um"), lane_job("c", {"nobody"})};
  Plan plan;
  CHECK(lanes_of(plan).empty());
  plan.jobs = {{&jobs[0], {}}, {&jobs[1], 1},  {&jobs[1], 2}, {&jobs[2], {}},
               {&jobs[3], {}}, {&jobs[4], {}}, {&jobs[5], {}}};
  CHECK(lanes_of(plan) == Lanes{0, 1, 1, 1, 2, 1, 3});
  // A job may stand before what it shares a folder with.
  plan.jobs = {{&jobs[3], {}}, {&jobs[4], {}}, {&jobs[0], {}}, {&jobs[1], 1}};
  CHECK(lanes_of(plan) == Lanes{0, 1, 2, 1});
}
