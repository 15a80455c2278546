#pragma once
// Short walks through the history of one file, bounded in commits and time.

#include "git/repository.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::git {

struct FileChangeAt {
  ObjectId commit;
  std::string subject;
  ObjectId before, after;  // blobs; empty: the file did not exist
};

// The newest commits up to `tip` that changed `path` (never a renaming followed), newest first.
// Gives what was found when the time is over.
Result<std::vector<FileChangeAt>> file_history(Repository& repository, std::string_view tip,
                                               const std::string& path, int max_commits,
                                               std::chrono::milliseconds max_time);

// The name that `path` got in `commit`, if that commit renamed it.
Result<std::optional<std::string>> renamed_to(Repository& repository, std::string_view commit,
                                              const std::string& path,
                                              std::chrono::milliseconds max_time);

}  // namespace patchmill::git
