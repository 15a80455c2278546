#pragma once
// What the processes of a run use, read from /proc; for machines without control groups, and for
// what no group counts.

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace patchmill::runtimes {

// `root` and everything below it; at most 100 000. Processes that vanish meanwhile are left out.
std::vector<pid_t> descendants(pid_t root);
// Resident memory of these together, shared pages counted once for each.
std::uint64_t resident_bytes(const std::vector<pid_t>& processes);
// Blocks of files on `device` that are open in these but have no name any more: space that no
// walk through folders finds.
std::uint64_t deleted_open_bytes(const std::vector<pid_t>& processes, dev_t device);

}  // namespace patchmill::runtimes
