#pragma once
// The files a job leaves in RESULTS_DIR.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace patchmill::runtimes {

struct ArtifactLimits {
  std::size_t max_files = 1000;
  std::uint64_t max_bytes = 1ull << 30;  // of all together
};

struct CollectedArtifacts {
  std::vector<std::filesystem::path> files;  // full paths, sorted
  std::vector<std::string> problems;         // what was left out, for people
};

// Regular files under `results` whose path there matches one of `globs`. Links are never followed
// and never collected, nor are devices, pipes, files with a second name or with one that is not
// UTF-8.
CollectedArtifacts collect_artifacts(const std::filesystem::path& results,
                                     const std::vector<std::string>& globs,
                                     const ArtifactLimits& limits = {});

}  // namespace patchmill::runtimes
