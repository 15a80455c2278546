#include "checks/diff_lines.hpp"

#include "git/raw_tree.hpp"

namespace patchmill::checks {

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view extension(std::string_view path) {
  const std::string_view name = base_name(path);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? std::string_view() : name.substr(dot + 1);
}

bool is_added(const mail::FileDiff& file) {
  return file.change == mail::FileChange::added;
}

bool is_deleted(const mail::FileDiff& file) {
  return file.change == mail::FileChange::deleted;
}

bool is_symlink(const mail::FileDiff& file) {
  return file.new_mode.value_or(file.old_mode.value_or(0)) == git::kModeLink;
}

bool is_regular(std::uint32_t mode) {
  return mode == 0100644 || mode == 0100755;
}

}  // namespace patchmill::checks
