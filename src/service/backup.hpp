#pragma once
// A copy of everything that cannot be fetched or built again: the store and the blobs it refers
// to. Mirrors, warm builds and live logs are left out. Taken while the service runs.

#include "app/config.hpp"
#include "service/backup_folder.hpp"
#include "util/clock.hpp"
#include "util/file.hpp"
#include "util/subprocess.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace patchmill::service {

// Called now and then: what is being done, how far.
using Progress =
    std::function<void(std::string_view what, std::uint64_t done, std::uint64_t total)>;

struct BackupResult {
  Manifest manifest;
  std::uint64_t new_blobs = 0, new_bytes = 0;  // that were not in the folder before
};

// Into a folder (made, or one that holds a backup already: then only what is new is added), or into
// a file when its name ends in .tar, .tar.gz or .tar.zst. Killed at any moment it leaves the old
// backup whole, or nothing that looks like one. Errors: invalid (the target is something else),
// conflict (another backup or prune is under way), infrastructure.
Result<BackupResult> make_backup(const app::Config& config, const std::filesystem::path& target,
                                 const Clock& clock, ProcessRunner& processes,
                                 const Progress& progress = {});

// Held by who takes a backup and by who removes blobs, so that the two never meet.
Result<LockFile> lock_maintenance(const std::filesystem::path& data);

bool is_tar_name(const std::filesystem::path& file);
// The arguments that make tar (un)pack with the program the name asks for.
std::vector<std::string> tar_compression(const std::filesystem::path& file);

}  // namespace patchmill::service
