#include "app/run_lock.hpp"

#include <fmt/format.h>

namespace patchmill::app {

Result<LockFile> lock_runs(const Config& config, bool wait) {
  auto lock = LockFile::acquire(config.data / "run.lock", wait);
  if (!lock && lock.error().kind == ErrorKind::conflict) {
    return fail(ErrorKind::infrastructure,
                fmt::format("another patchmill is running jobs in {}; wait for it, or use another "
                            "data folder",
                            config.data.string()));
  }
  return lock;
}

}  // namespace patchmill::app
