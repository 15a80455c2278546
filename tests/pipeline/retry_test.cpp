#include "pipeline/retry.hpp"

#include <doctest/doctest.h>

using namespace patchmill::pipeline;
using patchmill::findings::Verdict;
using std::chrono::seconds;

TEST_CASE("pipeline::retry_after: only incomplete, only so often, ever later") {
  for (const Verdict verdict : {Verdict::pass, Verdict::warning, Verdict::fail, Verdict::skip}) {
    CHECK_FALSE(retry_after(verdict, IncompleteCause::infrastructure, 1, 7));
  }
  seconds before{0};
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const auto delay =
        retry_after(Verdict::incomplete, IncompleteCause::infrastructure, attempt, 7);
    REQUIRE(delay);
    CHECK(*delay > before);
    before = *delay;
  }
  CHECK_FALSE(retry_after(Verdict::incomplete, IncompleteCause::infrastructure, 4, 7));
  CHECK(retry_after(Verdict::incomplete, IncompleteCause::deadline, 1, 7));
  CHECK_FALSE(retry_after(Verdict::incomplete, IncompleteCause::deadline, 2, 7));
  CHECK_FALSE(retry_after(Verdict::incomplete, IncompleteCause::limits, 1, 7));
  CHECK_FALSE(retry_after(Verdict::incomplete, IncompleteCause::missing_tool, 1, 7));
  CHECK_FALSE(retry_after(Verdict::incomplete, IncompleteCause::infrastructure, 0, 7));
}

TEST_CASE("pipeline::retry_after: bounded, spread and repeatable") {
  RetryPolicy policy;
  policy.infrastructure_attempts = 100;
  bool different = false;
  const auto first =
      retry_after(Verdict::incomplete, IncompleteCause::infrastructure, 1, 0, policy);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto delay =
        retry_after(Verdict::incomplete, IncompleteCause::infrastructure, 99, seed, policy);
    REQUIRE(delay);
    CHECK(*delay >= policy.longest_delay);
    CHECK(*delay <= policy.longest_delay * 5 / 4 + seconds(1));
    const auto again =
        retry_after(Verdict::incomplete, IncompleteCause::infrastructure, 1, seed, policy);
    different = different || again != first;
  }
  CHECK(different);
  CHECK(first == retry_after(Verdict::incomplete, IncompleteCause::infrastructure, 1, 0, policy));
}
