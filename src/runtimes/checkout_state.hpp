#pragma once
// What a source folder is known to hold, written before and after each change.

#include "git/object_id.hpp"
#include "util/result.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::runtimes {

struct CheckoutState {
  git::ObjectId holds;  // the commit of the last completed change
  // Set while changing: some files are already these commits' (several after repeated crashes).
  std::vector<git::ObjectId> towards;
  std::string boot;  // the boot of the machine this was written in

  // What was written in another boot may not have reached the disk.
  [[nodiscard]] bool same_boot() const;
};

// Empty when there is none or it cannot be understood: the folder must be filled again.
std::optional<CheckoutState> read_state(const std::filesystem::path& file);
Result<void> write_state(const std::filesystem::path& file, const git::ObjectId& holds,
                         const std::vector<git::ObjectId>& towards = {});

}  // namespace patchmill::runtimes
