#pragma once
// The few entries of a tree that one patch can see or disturb.

#include "git/repository.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::git {

using EntryMap = std::map<std::string, TreeEntry, std::less<>>;

// Files among `paths`, files that stand where one of their folders would be, and for a path that
// is a folder one file in it that the patch does not touch: all git needs to see every clash.
Result<EntryMap> partial_entries(Repository& repository, std::string_view tree,
                                 const std::set<std::string>& paths);

}  // namespace patchmill::git
