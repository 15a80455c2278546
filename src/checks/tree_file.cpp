#include "checks/tree_file.hpp"

#include "checks/diff_lines.hpp"

#include <utility>
#include <vector>

namespace patchmill::checks {

Result<std::optional<std::string>> read_tree_file(git::Repository& repository,
                                                  const git::ObjectId& commit,
                                                  const std::string& path) {
  const std::vector<std::string> paths = {path};
  PM_TRY_ASSIGN(const auto entries, repository.entries(commit, paths));
  if (entries.size() != 1 || !is_regular(entries.front().mode)) {
    return std::optional<std::string>();
  }
  PM_TRY_ASSIGN(auto object, repository.read(entries.front().id));
  return std::optional<std::string>(std::move(object.data));
}

}  // namespace patchmill::checks
