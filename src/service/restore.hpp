#pragma once
// A backup put back into a data folder and its store.

#include "app/config.hpp"
#include "service/backup.hpp"

namespace patchmill::service {

struct RestoreOptions {
  bool force = false;        // also where there is a store already; that one is kept aside
  bool verify_only = false;  // only say whether the backup is whole
};

struct RestoreResult {
  Manifest manifest;
  std::filesystem::path kept_aside;  // SQLite store that was there; empty: none
  int mails_in_doubt = 0;            // were queued or collected when the backup was made
};

// Every checksum is verified before anything is changed. A blob that is damaged or not there is
// left out, named in the log and added to manifest.missing; with verify_only it is an error.
// Afterwards everything is paused, and mails that were queued or being collected are in doubt (see
// doubt_mails()): they may have been sent since the backup was made, and nothing but a person can
// tell. Killed at any moment it leaves the store that was there, or none, or the restored one.
// Errors: not_found and invalid (no whole backup, of another engine, of a newer schema), conflict
// (the data folder is in use; or not empty, without force), infrastructure.
Result<RestoreResult> restore_backup(const app::Config& config, const std::filesystem::path& source,
                                     const RestoreOptions& options, const Clock& clock,
                                     ProcessRunner& processes, const Progress& progress = {});

}  // namespace patchmill::service
