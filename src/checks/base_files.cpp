#include "checks/base_files.hpp"

#include "checks/diff_lines.hpp"
#include "checks/tool.hpp"
#include "util/text.hpp"

#include <array>
#include <set>
#include <system_error>

namespace patchmill::checks {
namespace {

constexpr std::array<std::string_view, 9> k_files = {
    "scripts/checkpatch.pl",     "scripts/spelling.txt", "scripts/const_structs.checkpatch",
    "scripts/get_maintainer.pl", "MAINTAINERS",          ".mailmap",
    ".get_maintainer.ignore",    ".get_maintainer.conf", ".checkpatch.conf"};
constexpr std::size_t k_most_folders = 2000;
constexpr std::size_t k_most_yaml = 100;
constexpr std::size_t k_largest_file = 16u << 20;

}  // namespace

Result<void> lay_out_base_files(git::Repository& repository, const SeriesView& series,
                                const std::filesystem::path& folder) {
  std::vector<std::string> paths(k_files.begin(), k_files.end());
  std::set<std::string> folders;
  std::set<std::string> yaml;
  for (const PatchView& patch : series.patches) {
    for (const mail::FileDiff& file : patch.files) {
      const std::string& path = file.path();
      if (!is_plain_path(path)) {
        continue;
      }
      const std::size_t slash = path.rfind('/');
      if (slash != std::string::npos && folders.size() < k_most_folders) {
        folders.insert(path.substr(0, slash));
      }
      if (extension(path) == "yaml" && yaml.size() < k_most_yaml) {
        yaml.insert(path);
      }
    }
  }
  paths.insert(paths.end(), yaml.begin(), yaml.end());
  PM_TRY_ASSIGN(const auto entries, repository.entries(series.base, paths));
  for (const git::TreeEntry& entry : entries) {
    // No symbolic links: what they point to is not here, or worse, is.
    if (entry.mode != 0100644 && entry.mode != 0100755) {
      continue;
    }
    PM_TRY_ASSIGN(const auto object, repository.read(entry.id));
    if (object.data.size() <= k_largest_file) {
      PM_TRY(write_plain_file(folder / entry.path, object.data));
    }
  }
  for (const std::string& path : folders) {
    // "MAINTAINERS/x" of a hostile patch finds the file in its way and is passed over.
    std::error_code ignored;
    std::filesystem::create_directories(folder / path, ignored);
  }
  return {};
}

Result<BaseFolder> BaseFolder::of(const Context& context) {
  BaseFolder result;
  if (!context.scripts_dir.empty()) {
    result.m_path = context.scripts_dir;
    return result;
  }
  if (context.repository == nullptr || context.series == nullptr || context.series->base.empty()) {
    return fail(ErrorKind::not_found, "the series was not placed on a tree");
  }
  result.m_own = std::make_unique<TempDir>("patchmill-base");
  result.m_path = result.m_own->path();
  PM_TRY(lay_out_base_files(*context.repository, *context.series, result.m_path));
  return result;
}

}  // namespace patchmill::checks
