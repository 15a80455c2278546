#pragma once
// The tree's own scripts, laid out in a folder so that they can run without a checkout.

#include "checks/check.hpp"
#include "util/file.hpp"
#include "util/result.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace patchmill::checks {

// Copies scripts/checkpatch.pl, scripts/get_maintainer.pl and what they read (MAINTAINERS,
// .mailmap, spelling.txt, ...) from the tree at the base into `folder`, as far as they exist,
// with the folders and the YAML files the series touches (get_maintainer.pl looks at both).
//
// Always from the base, never from the patched tree: these scripts run on our machine with our
// rights, and a patch must not choose the program that judges it.
Result<void> lay_out_base_files(git::Repository& repository, const SeriesView& series,
                                const std::filesystem::path& folder);

// The folder with the tree's scripts: the context's, else a temporary one made now.
class BaseFolder {
 public:
  // Error not_found when the series is not placed; infrastructure when reading or writing failed.
  static Result<BaseFolder> of(const Context& context);
  [[nodiscard]] const std::filesystem::path& path() const { return m_path; }

 private:
  std::filesystem::path m_path;
  std::unique_ptr<TempDir> m_own;
};

}  // namespace patchmill::checks
