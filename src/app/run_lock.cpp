#include "app/run_lock.hpp"

#include <fmt/format.h>

namespace patchmill::app {

namespace {

std::filesystem::path lock_of(const Config& config) {
  return config.data / "run.lock";
}

}  // namespace

bool runs_locked(const Config& config) {
  return LockFile::is_held(lock_of(config));
}

Result<LockFile> lock_runs(const Config& config, bool wait) {
  auto lock = LockFile::acquire(lock_of(config), wait);
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
