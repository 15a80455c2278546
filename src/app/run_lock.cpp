#include "app/run_lock.hpp"

#include <fmt/format.h>

namespace patchmill::app {

Result<LockFile> lock_runs(const Config& config, bool wait) {
  auto lock = LockFile::acquire(config.data / "run.lock", wait);
  if (!lock && lock.error().kind == ErrorKind::conflict) {
    return fail(
        ErrorKind::infrastructure,
        fmt::format("another patchmill has the data folder {}: stop the service (`systemctl "
                    "stop patchmill`), or wait for the other `patchmill run`",
                    config.data.string()));
  }
  return lock;
}

}  // namespace patchmill::app
