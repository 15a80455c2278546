#include "git/history.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

namespace patchmill::git {

namespace {

// "\1COMMIT\2SUBJECT\0" then "\n:MODE MODE OLD NEW STATUS\0PATH\0" for each commit; merges have no
// raw part of their own.
std::vector<FileChangeAt> parse_log(std::string_view out) {
  std::vector<FileChangeAt> changes;
  const auto existing = [](std::string_view id) {
    return id.find_first_not_of('0') == std::string_view::npos ? ObjectId() : ObjectId(id);
  };
  FileChangeAt current;
  for (std::string_view field : split(out, '\0')) {
    while (field.starts_with('\n')) {
      field.remove_prefix(1);
    }
    if (field.starts_with('\1')) {
      const auto cut = field.find('\2');
      current = {};
      current.commit = field.substr(1, cut == std::string_view::npos ? cut : cut - 1);
      current.subject = cut == std::string_view::npos ? "" : mend_utf8(field.substr(cut + 1));
    } else if (field.starts_with(':')) {
      const auto words = split(field.substr(1), ' ');
      if (words.size() == 5 && is_object_id(current.commit)) {
        current.before = existing(words[2]);
        current.after = existing(words[3]);
        changes.push_back(current);
      }
    }
  }
  return changes;
}

}  // namespace

Result<std::vector<FileChangeAt>> file_history(Repository& repository, std::string_view tip,
                                               const std::string& path, int max_commits,
                                               std::chrono::milliseconds max_time) {
  // --literal-pathspecs: a name from a patch is no pattern.
  PM_TRY_ASSIGN(const Completed done,
                repository.git({"--literal-pathspecs", "log", "-z", "--raw", "--no-abbrev",
                                "--no-renames", "--no-color", "--format=%x01%H%x02%s",
                                fmt::format("--max-count={}", max_commits), "--end-of-options",
                                std::string(tip), "--", path},
                               {}, max_time));
  return parse_log(done.out);
}

Result<std::optional<std::string>> renamed_to(Repository& repository, std::string_view commit,
                                              const std::string& path,
                                              std::chrono::milliseconds max_time) {
  PM_TRY_ASSIGN(const Completed done,
                repository.git({"diff-tree", "-r", "-z", "-M", "-l1000", "--no-commit-id", "--raw",
                                "--diff-filter=R", "--end-of-options", std::string(commit)},
                               {}, max_time));
  const auto fields = split(done.out, '\0');
  for (std::size_t i = 0; i + 2 < fields.size(); i += 3) {
    if (fields[i + 1] == path) {
      return std::optional<std::string>(fields[i + 2]);
    }
  }
  return std::optional<std::string>();
}

}  // namespace patchmill::git
