#pragma once
// From where a repository borrows objects (gitrepository-layout(5), "objects/info/alternates").

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::git {

struct Lender {
  std::filesystem::path objects;  // its folder of objects
  std::filesystem::path taker;    // the repository that names it
};

// All that are reached from the repository, the near ones first; those of one that is not there are
// not known. At most as deep as git goes.
std::vector<Lender> find_lenders(const std::filesystem::path& git_dir);
// The first that is not there.
std::optional<Lender> find_lost_lender(const std::filesystem::path& git_dir);

// For a message about an object that is missing: the lender that is not there or, when all are, one
// that belongs to somebody else (it is not beside the repository) and may have thrown the object
// away, and what to do. Empty when there is neither. Escaped.
std::string about_lost_objects(const std::filesystem::path& git_dir);

}  // namespace patchmill::git
