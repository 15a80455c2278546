#pragma once
// The warm places jobs run on: for each tree a few slots, each with a source folder and the build
// folders that belong to it.

#include "runtimes/checkout.hpp"
#include "runtimes/scratch_folder.hpp"
#include "runtimes/slot.hpp"
#include "runtimes/slot_copy.hpp"
#include "util/file.hpp"
#include "util/result.hpp"

#include <chrono>
#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::runtimes {

class SourceFolder {
 public:
  // Takes the first free slot of the tree under `parent` for this process, as long as the object
  // lives. Low slots are preferred: they are the warm ones. Error conflict when all are taken.
  static Result<SourceFolder> acquire(const std::filesystem::path& parent, std::string_view tree,
                                      unsigned slots = 256);

  // Makes source() hold `commit`; see materialise().
  Result<CheckoutOutcome> update(git::Repository& repository, const git::ObjectId& commit);

  [[nodiscard]] std::filesystem::path source() const { return m_slot.checkout().source(); }
  // Where the slot has built nothing yet: makes it a copy of another slot with the build folder
  // `warm`, see copy_other_slot(). Before anything else is done with it.
  Result<WarmStart> copy_warm(std::string_view warm, std::chrono::milliseconds patience,
                              const std::stop_token& stop) const;
  // Held while the folders change or a job runs in them: nobody copies them then. Waits for who
  // does.
  [[nodiscard]] Result<LockFile> use() const;

  // For RunRequest::git_dir and git_objects.
  [[nodiscard]] std::filesystem::path git_dir() const { return m_slot.checkout().git_dir(); }
  [[nodiscard]] std::vector<std::filesystem::path> git_objects() const;
  // For RunRequest::own_source; made when missing.
  [[nodiscard]] Result<std::filesystem::path> own_source() const;
  // The build folder of this name (JobSpec::warm) that goes with this source; made when missing.
  Result<std::filesystem::path> warm(std::string_view name) const;
  // A new empty folder for one run.
  [[nodiscard]] Result<ScratchFolder> new_scratch() const;

 private:
  SourceFolder(Slot slot, LockFile lock) : m_slot(std::move(slot)), m_lock(std::move(lock)) {}
  Slot m_slot;
  LockFile m_lock;
};

// A copy of a build folder with all times kept, for a run that must not leave traces in the
// original; by reference links where the filesystem has them. `copy` must not exist.
Result<void> copy_folder(const std::filesystem::path& original, const std::filesystem::path& copy);

// The same with hard links, for files that nobody ever writes to.
Result<void> link_folder(const std::filesystem::path& original, const std::filesystem::path& copy);

}  // namespace patchmill::runtimes
