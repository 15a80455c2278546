#pragma once
// Bare mirrors of the trees, sharing objects through alternates.

#include "git/repository.hpp"
#include "util/result.hpp"

#include <filesystem>
#include <span>
#include <string>

namespace patchmill::git {

struct MirrorSpec {
  std::string name;                               // folder name under the data directory
  std::string url;                                // git URL or path of a local repository
  std::vector<std::string> branches;              // full or short names; empty: all
  std::vector<std::filesystem::path> alternates;  // other mirrors to borrow objects from
};

struct FetchOutcome {
  bool changed = false;
  std::vector<std::pair<std::string, ObjectId>>
      branches;  // after the fetch; "main", or full names outside refs/heads/
};

// Where fetch_mirror() keeps the mirror of that name (a bare repository).
std::filesystem::path mirror_path(const std::filesystem::path& mirrors_dir, std::string_view name);

// Makes the mirror if it is missing, else fetches. Built beside and renamed into place, and a
// failed fetch leaves refs and objects as they were, but for refs that are gone there and stand in
// the way of others ("topic" where "topic/a" is now), and for locks that a killed git left (see
// stale_locks.hpp). Local paths are cloned by alternates: their objects must stay where they are.
// Branches that are gone there go here too; HEAD stands for the source's HEAD, or for the first
// branch named. Two fetches of one mirror wait for each other.
// Errors: infrastructure with git's own words, escaped and without passwords; invalid for names
// and URLs that are refused; not_found for a branch that the source does not have.
Result<FetchOutcome> fetch_mirror(const std::filesystem::path& mirrors_dir, const MirrorSpec& spec);

}  // namespace patchmill::git
