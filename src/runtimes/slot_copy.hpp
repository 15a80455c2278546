#pragma once
// A slot that has built nothing yet begins as a copy of one that has: copying a build takes seconds
// or minutes, making it anew up to an hour.

#include "runtimes/slot.hpp"
#include "util/file.hpp"
#include "util/result.hpp"

#include <chrono>
#include <optional>
#include <stop_token>
#include <string_view>

namespace patchmill::runtimes {

struct WarmStart {
  bool copied = false;
  // There was nothing to copy, and the caller builds from nothing. To be held until it has made its
  // build folder and holds Slot::busy(), so that who begins in the same moment copies that build.
  std::optional<LockFile> beginning;
};

// Makes `slot` (the caller's alone) a copy of another slot of its tree that has the build folder
// `warm`: source, index and builds, with all times. Source
// files are shared by hard links, as they are replaced and never written to. Does nothing where
// `slot` has builds of its own. While jobs use every slot there is to copy, it waits for up to
// `patience`. Error: the copy failed (disk full); `slot` is as before.
Result<WarmStart> copy_other_slot(const Slot& slot, std::string_view warm,
                                  std::chrono::milliseconds patience, const std::stop_token& stop);

}  // namespace patchmill::runtimes
