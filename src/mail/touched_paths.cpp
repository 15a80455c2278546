#include "mail/diff.hpp"

#include <set>

namespace patchmill::mail {

std::vector<std::string> touched_paths(std::string_view diff) {
  std::vector<std::string> paths;
  const auto files = parse_diff(diff);
  if (!files) {
    return paths;  // applying it will say what is wrong
  }
  std::set<std::string> seen;
  for (const auto& file : *files) {
    for (const auto* path : {&file.old_path, &file.new_path}) {
      const bool copied_from = file.change == FileChange::copied && path == &file.old_path;
      if (!path->empty() && !copied_from && seen.insert(*path).second) {
        paths.push_back(*path);
      }
    }
  }
  return paths;
}

}  // namespace patchmill::mail
