#pragma once
// A folder that holds the files of a commit, changed as little as possible from one commit to the
// next: files that stay the same keep their time, so that make builds only what changed.
//
// Contents are git's blobs byte for byte (attributes such as eol and filters are not applied);
// submodules are empty folders.

#include "git/object_id.hpp"
#include "git/repository.hpp"
#include "util/result.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace patchmill::runtimes {

struct CheckoutOutcome {
  bool filled = false;                   // made from nothing: every file is new
  bool repaired = false;                 // an interrupted change was brought to its end first
  std::size_t written = 0, removed = 0;  // paths changed (not counted when filled)
};

// Where a checkout lives. `home` is ours alone; its owner makes sure that only one caller at a
// time works on it.
struct CheckoutPlace {
  std::filesystem::path home;
  [[nodiscard]] std::filesystem::path source() const { return home / "src"; }
  // A git folder whose HEAD is the commit and that borrows the repository's objects.
  [[nodiscard]] std::filesystem::path git_dir() const { return home / "git"; }
  // Of that git folder; it is at HEAD and knows the files' times.
  [[nodiscard]] std::filesystem::path index() const { return git_dir() / "index"; }
  [[nodiscard]] std::filesystem::path state() const { return home / "state"; }
};

// Makes place.source() hold `commit` (a full id). After a crash at any point, and after the machine
// went down, the next call finds out and mends it. Errors: invalid for trees with paths that may
// not be in a folder, not_found, infrastructure.
Result<CheckoutOutcome> materialise(git::Repository& repository, const git::ObjectId& commit,
                                    const CheckoutPlace& place);

// The object folders `git_dir` borrows from, theirs included.
std::vector<std::filesystem::path> borrowed_objects(const std::filesystem::path& git_dir);

}  // namespace patchmill::runtimes
