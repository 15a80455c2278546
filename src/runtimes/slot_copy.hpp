#pragma once
// A slot that has built nothing yet begins as a copy of one that has: copying a build takes seconds
// or minutes, making it anew up to an hour.

#include "util/result.hpp"

#include <chrono>
#include <filesystem>
#include <stop_token>
#include <string_view>

namespace patchmill::runtimes {

// While a slot's folders are used, its user holds this lock; who copies takes it, too.
std::filesystem::path busy_lock(const std::filesystem::path& slot);

// Makes `slot` (a folder TREE.NUMBER, the caller's alone) a copy of another slot of its tree that
// has the build folder `warm` (a folder name): source, index and builds, with all times. Source
// files are shared by hard links, as they are replaced and never written to. Does nothing where
// `slot` has builds of its own. While jobs use every slot there is to copy, it waits for up to
// `patience`. True: it is a copy now. Error: the copy failed (disk full); `slot` is as before.
Result<bool> copy_other_slot(const std::filesystem::path& slot, std::string_view warm,
                             std::chrono::milliseconds patience, const std::stop_token& stop);

}  // namespace patchmill::runtimes
