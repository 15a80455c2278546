#pragma once
// Which commits `patchmill try` takes.

#include "git/repository.hpp"
#include "util/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace patchmill::app {

struct TryRange {
  git::ObjectId base, tip;
  std::string note;  // what a person should know of the choice; may be empty
};

// "A..B" (since they parted), one revision, or empty for what the upstream of the current branch
// has not; see try_commits(). There may be merges or nothing in between.
Result<TryRange> try_range(git::Repository& repository, std::string_view written);

// What git prints, trimmed. Error not_found with git's own words when it fails.
Result<std::string> git_line(git::Repository& repository, std::vector<std::string> args);

}  // namespace patchmill::app
