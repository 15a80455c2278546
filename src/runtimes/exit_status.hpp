#pragma once
// What the end of a run means: NIPA's and automake's exit statuses, and our own limits.

#include "findings/finding.hpp"
#include "pipeline/job.hpp"
#include "pipeline/retry.hpp"

#include <string>
#include <string_view>

namespace patchmill::runtimes {

// Why the run was ended from outside, if it was.
enum class KillReason { none, deadline, output, disk, memory, disk_full, uncountable, cancelled };

struct RunEnd {
  int status = -1;  // as the shell counts: 128 + N when killed by signal N
  KillReason killed = KillReason::none;
  bool out_of_memory = false;     // the kernel killed something of it for memory
  bool out_of_processes = false;  // the kernel refused it a process
};

struct Meaning {
  findings::Verdict verdict = findings::Verdict::incomplete;
  std::string summary;  // plain words; used where the job gave no description
  pipeline::IncompleteCause cause = pipeline::IncompleteCause::infrastructure;
};
Meaning meaning_of(const RunEnd& end, const pipeline::JobLimits& limits);

// What came out of DESC_FD as one line for people: the first line, at most 1 KiB, valid UTF-8,
// control characters visible. Empty when there was none.
std::string clean_description(std::string_view bytes);

}  // namespace patchmill::runtimes
