#pragma once
// Only one process runs jobs in a data folder at a time; the lock dies with its owner.

#include "app/config.hpp"
#include "util/file.hpp"

namespace patchmill::app {

// Error conflict when another process holds it and `wait` is false.
Result<LockFile> lock_runs(const Config& config, bool wait);
// Whether a process has it now; asking disturbs nobody.
bool runs_locked(const Config& config);

}  // namespace patchmill::app
