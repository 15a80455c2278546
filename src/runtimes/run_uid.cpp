#include "runtimes/run_uid.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace patchmill::runtimes {
namespace {

constexpr const char* lock_folder = "/run/patchmill-uids";

// A folder in /run that only root writes to, so that nobody else can hold our locks.
Result<void> make_lock_folder() {
  if (::mkdir(lock_folder, 0700) != 0 && errno != EEXIST) {
    return fail(ErrorKind::infrastructure,
                fmt::format("cannot make {}: {}", lock_folder, std::strerror(errno)));
  }
  struct stat info{};
  if (::lstat(lock_folder, &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != 0 ||
      (info.st_mode & 022) != 0) {
    return fail(ErrorKind::infrastructure,
                fmt::format("{} must be a folder of root that nobody else can write to; remove it",
                            lock_folder));
  }
  return {};
}

std::optional<unsigned> owner_slot(const std::filesystem::path& warm) {
  struct stat info{};
  if (!warm.empty() && ::lstat(warm.c_str(), &info) == 0 && info.st_uid >= first_run_uid &&
      info.st_uid < first_run_uid + run_uid_count) {
    return info.st_uid - first_run_uid;
  }
  return std::nullopt;
}

}  // namespace

Result<RunUid> RunUid::acquire(const std::filesystem::path& warm) {
  PM_TRY(make_lock_folder());
  const unsigned start = owner_slot(warm).value_or(0);
  for (unsigned i = 0; i < run_uid_count; ++i) {
    const unsigned slot = (start + i) % run_uid_count;
    auto lock = LockFile::acquire(fmt::format("{}/{}", lock_folder, slot), false);
    if (lock) {
      return RunUid(first_run_uid + slot, *std::move(lock));
    }
    if (lock.error().kind != ErrorKind::conflict) {
      return tl::unexpected(lock.error());
    }
  }
  return fail(ErrorKind::limit, fmt::format("all {} user ids for runs are in use; run fewer jobs "
                                            "at once",
                                            run_uid_count));
}

}  // namespace patchmill::runtimes
