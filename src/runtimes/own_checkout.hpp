#pragma once
// A checkout that a job may change: for tests that go back to the commit before and forth again
// (NIPA's). It is kept between runs and brought back to its commit before each, which costs a look
// at every file; only those that differ are written.

#include "util/result.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>

namespace patchmill::runtimes {

struct OwnCheckout {
  std::filesystem::path source;  // with a `.git` folder of its own
  std::uint64_t bytes = 0;       // on the disk, before the run
};

// Makes `home`/src a checkout of the HEAD of `git_dir` that belongs to `uid` (empty: to us),
// exactly as git would make it anew, whatever an earlier run did to it. What git notices a change
// by is kept where no run can reach it. No process of an earlier run may live any more. `.git` in
// it borrows the objects that `git_dir` borrows.
Result<OwnCheckout> reset_own_checkout(const std::filesystem::path& home,
                                       const std::filesystem::path& git_dir,
                                       std::optional<unsigned> uid);

}  // namespace patchmill::runtimes
