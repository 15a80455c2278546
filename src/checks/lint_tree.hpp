#pragma once
// A temporary copy of those files of a tree that a linter looks at, at their own paths, so that
// what the configuration says about paths holds.

#include "util/file.hpp"
#include "util/result.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::checks {

class LintTree {
 public:
  // `config_folder`: of the governing configuration in the tree, "" the top. The tool is started
  // there, or at the top.
  LintTree(std::string_view config_folder, bool start_in_config_folder);

  // Configuration goes first, so that no file of a patch takes its place. Paths are plain
  // (is_plain_path). Errors: infrastructure, when it cannot be written.
  Result<void> add_config(const std::string& path, std::string_view content);
  // A file to look at. It stands elsewhere below the configuration's folder when its place is
  // taken, and under another name when its own could confuse the tool's answer.
  Result<void> add(const std::string& path, std::string_view content);

  [[nodiscard]] const std::filesystem::path& cwd() const { return m_cwd; }
  // Nothing of the patch is in it: Python runs what lies in a home folder.
  [[nodiscard]] const std::filesystem::path& home() const { return m_home; }
  // The files to look at as seen from cwd(), "./" before each: never an option.
  [[nodiscard]] const std::vector<std::string>& names() const { return m_names; }
  // Absolute paths of configuration that is not below cwd().
  [[nodiscard]] const std::vector<std::string>& outside() const { return m_outside; }
  // The path in the tree of what the tool named, relative to cwd() or absolute; "" for a file of
  // the configuration, nothing for what is not here.
  [[nodiscard]] std::optional<std::string> path_of(std::string_view named) const;

 private:
  [[nodiscard]] std::filesystem::path free_place(const std::string& path) const;

  TempDir m_work;
  std::filesystem::path m_top, m_config_folder, m_cwd, m_home;
  std::vector<std::string> m_names, m_outside;
  std::map<std::string, std::string> m_paths;  // absolute path here -> path in the tree
};

}  // namespace patchmill::checks
