#include "git/partial_index.hpp"

#include "git/raw_tree.hpp"

#include <fmt/format.h>

namespace patchmill::git {

namespace {

// Looks for a file below `folder` that is not among `paths`. Bounded: a patch that removes
// thousands of files of a folder at least lists them all.
Result<void> add_one_other(Repository& repository, const TreeEntry& folder,
                           const std::set<std::string>& paths, EntryMap& entries) {
  std::vector<TreeEntry> open{folder};
  while (!open.empty()) {
    const TreeEntry at = std::move(open.back());
    open.pop_back();
    PM_TRY_ASSIGN(const auto data, repository.tree_data(at.id));
    const auto inside = parse_tree(*data, repository.id_bytes());
    if (!inside) {
      return fail(ErrorKind::infrastructure, fmt::format("the tree {} is damaged", at.id));
    }
    for (const RawEntry& entry : *inside) {
      TreeEntry below{entry.mode, entry.id, at.path + "/" + entry.name};
      if (entry.mode == kModeTree) {
        open.push_back(std::move(below));
      } else if (!paths.contains(below.path)) {
        entries.emplace(below.path, below);
        return {};
      }
    }
  }
  return {};
}

}  // namespace

Result<EntryMap> partial_entries(Repository& repository, std::string_view tree,
                                 const std::set<std::string>& paths) {
  std::set<std::string> wanted = paths;
  for (const std::string& path : paths) {
    for (auto slash = path.rfind('/'); slash != std::string::npos && slash > 0;
         slash = path.rfind('/', slash - 1)) {
      if (!wanted.insert(path.substr(0, slash)).second) {
        break;  // its own folders are in already
      }
    }
  }
  const std::vector<std::string> list(wanted.begin(), wanted.end());
  PM_TRY_ASSIGN(const auto found, repository.entries(tree, list));
  EntryMap entries;
  for (const TreeEntry& entry : found) {
    if (entry.mode != kModeTree) {
      entries.emplace(entry.path, entry);
    } else if (paths.contains(entry.path)) {
      PM_TRY(add_one_other(repository, entry, paths, entries));
    }
  }
  return entries;
}

}  // namespace patchmill::git
