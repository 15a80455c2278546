#pragma once
// The system calls a job may not make, as a filter for bubblewrap.

#include "util/fd.hpp"
#include "util/result.hpp"

namespace patchmill::runtimes {

// A BPF program in a memory file. Everything ordinary programs, compilers, debuggers and User Mode
// Linux need is allowed (ptrace included); refused with EPERM is what only widens the way into the
// host's kernel: new namespaces, mounts, modules, bpf, perf, keys, io_uring, clocks, reboot, and
// sockets that a network namespace does not contain (vsock and other rare families).
Result<Fd> seccomp_filter();

}  // namespace patchmill::runtimes
