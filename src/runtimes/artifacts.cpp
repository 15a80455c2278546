#include "runtimes/artifacts.hpp"

#include "runtimes/tree_walk.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::runtimes {

CollectedArtifacts collect_artifacts(const std::filesystem::path& results,
                                     const std::vector<std::string>& globs,
                                     const ArtifactLimits& limits) {
  CollectedArtifacts collected;
  if (globs.empty()) {
    return collected;
  }
  struct Candidate {
    std::string path;
    std::uint64_t size;
  };
  std::vector<Candidate> candidates;
  const auto problem = [&](std::string text) {
    if (collected.problems.size() < 20) {
      collected.problems.push_back(std::move(text));
    }
  };
  const WalkEnd end = walk_tree(results, [&](const WalkEntry& entry) {
    if (S_ISDIR(entry.info.st_mode) ||
        std::none_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return glob_match(glob, entry.path); })) {
      return;
    }
    if (!S_ISREG(entry.info.st_mode) || entry.info.st_nlink != 1) {
      problem(fmt::format("artifact {} is no plain file and was not kept",
                          escape_terminal(mend_utf8(ellipsize(entry.path, 200)))));
    } else if (!is_valid_utf8(entry.path)) {
      problem(fmt::format("artifact {} was not kept: its name is not UTF-8",
                          escape_terminal(mend_utf8(ellipsize(entry.path, 200)))));
    } else {
      candidates.push_back({entry.path, static_cast<std::uint64_t>(entry.info.st_size)});
    }
  });
  if (end == WalkEnd::too_deep || end == WalkEnd::too_many) {
    problem("RESULTS_DIR has too many or too deep folders; some artifacts were not seen");
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.path < b.path; });
  std::uint64_t total = 0;
  for (const Candidate& candidate : candidates) {
    if (collected.files.size() >= limits.max_files || candidate.size > limits.max_bytes - total) {
      problem(fmt::format("more than {} artifacts or {} bytes of them; the rest was not kept",
                          limits.max_files, limits.max_bytes));
      break;
    }
    total += candidate.size;
    collected.files.push_back(results / candidate.path);
  }
  return collected;
}

}  // namespace patchmill::runtimes
