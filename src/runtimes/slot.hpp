#pragma once
// What is where in a slot: the folder TREE.NUMBER of source_folder.hpp.

#include "runtimes/checkout.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace patchmill::runtimes {

// `name` as the name of a folder: other names give other folders, none leaves its parent.
std::string folder_name(std::string_view name);

struct Slot {
  std::filesystem::path home;
  // The TREE of its name: slots of the same tree are beside each other.
  [[nodiscard]] std::string tree() const { return home.stem().string(); }
  [[nodiscard]] CheckoutPlace checkout() const { return {home}; }
  // Held as long as the slot is somebody's.
  [[nodiscard]] std::filesystem::path lock() const { return home / "lock"; }
  // Held while its folders change or a job runs in them; who copies them takes it, too.
  [[nodiscard]] std::filesystem::path busy() const { return home / "busy"; }
  // Of the tree's slots together: held by the one that decides what its first build begins with.
  [[nodiscard]] std::filesystem::path beginning() const;
  // The build folder of this name (JobSpec::warm).
  [[nodiscard]] std::filesystem::path warm(std::string_view name) const;
  // Whether a folder of the slot is a build folder.
  [[nodiscard]] static bool is_warm(const std::filesystem::path& folder);
  // The source of jobs that may write to theirs.
  [[nodiscard]] std::filesystem::path own() const { return home / "own"; }
  // A copy of another slot that is not complete.
  [[nodiscard]] std::filesystem::path half() const { return home / "copying"; }
};

}  // namespace patchmill::runtimes
