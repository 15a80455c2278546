#include "git/lenders.hpp"

#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace patchmill::git {

namespace fs = std::filesystem;

namespace {

constexpr int kMaxLenderDepth = 5;  // object-file.c of git 2.39
constexpr std::size_t kMaxLenders = 1000;

// As a person knows the repository: without its "objects" and ".git".
fs::path top_of(const fs::path& objects) {
  const fs::path git_dir = objects.parent_path();
  return git_dir.filename() == ".git" ? git_dir.parent_path() : git_dir;
}

fs::path folder_of(const fs::path& repository) {
  std::error_code error;
  return fs::weakly_canonical(fs::absolute(repository, error), error).parent_path();
}

std::string shown_path(const fs::path& path) {
  return escape_terminal(path.string());
}

}  // namespace

std::vector<Lender> find_lenders(const fs::path& git_dir) {
  std::vector<Lender> found;
  std::vector<fs::path> level{git_dir / "objects"};
  for (int depth = 0; depth < kMaxLenderDepth && !level.empty(); ++depth) {
    std::vector<fs::path> next;
    for (const fs::path& objects : level) {
      const auto listed = read_file(objects / "info" / "alternates");
      if (!listed) {
        continue;
      }
      for (const std::string_view line : split_lines(*listed)) {
        if (line.empty() || line.starts_with('#')) {
          continue;
        }
        const fs::path lender = (objects / fs::path(line)).lexically_normal();
        if (found.size() < kMaxLenders &&
            std::ranges::find(found, lender, &Lender::objects) == found.end()) {
          found.push_back({lender, objects.parent_path()});
          next.push_back(lender);
        }
      }
    }
    level = std::move(next);
  }
  return found;
}

std::optional<Lender> find_lost_lender(const fs::path& git_dir) {
  for (Lender& lender : find_lenders(git_dir)) {
    std::error_code error;
    if (!fs::is_directory(lender.objects, error)) {
      return std::move(lender);
    }
  }
  return std::nullopt;
}

std::string about_lost_objects(const fs::path& git_dir) {
  if (const auto lost = find_lost_lender(git_dir)) {
    return fmt::format(
        "it borrows its objects from {}, which is not there: put it back, or correct `url` of the "
        "tree and remove {} to have that made anew",
        shown_path(top_of(lost->objects)), shown_path(lost->taker));
  }
  const fs::path beside = folder_of(git_dir);
  for (const Lender& lender : find_lenders(git_dir)) {
    const fs::path top = top_of(lender.objects);
    if (folder_of(top) != beside) {
      return fmt::format(
          "it borrows its objects from {0}, where `git gc` removes them after a branch was "
          "rewritten: fetch the tree again; to keep objects here, make its `url` file://{0} and "
          "remove {1} to have that made anew",
          shown_path(top), shown_path(lender.taker));
    }
  }
  return {};
}

}  // namespace patchmill::git
