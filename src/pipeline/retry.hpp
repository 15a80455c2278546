#pragma once
// When a run that ended as incomplete is tried again. Only our own trouble is: a result about the
// patch is final, however often one would like to roll the dice.

#include "findings/finding.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace patchmill::pipeline {

// Why a run is incomplete.
enum class IncompleteCause {
  infrastructure,  // sandbox, disk, lost worker, process that died with us
  deadline,        // the time limit; perhaps a busy machine
  memory,          // out of memory; perhaps a busy machine
  limits,          // too much output or disk: repeating it repeats it
  missing_tool,    // a person must install something
};

struct RetryPolicy {
  int infrastructure_attempts = 4;  // in all, the first included
  int pressure_attempts = 2;        // deadline, memory
  std::chrono::seconds first_delay{30};
  int factor = 4;
  std::chrono::seconds longest_delay{3600};
};

// How long to wait before the next attempt; empty: there is none. `seed` (the node's id) spreads
// retries by up to a quarter, so that what failed together does not return together. Pure.
std::optional<std::chrono::seconds> retry_after(findings::Verdict verdict, IncompleteCause cause,
                                                int attempt, std::uint64_t seed,
                                                const RetryPolicy& policy = {});

}  // namespace patchmill::pipeline
