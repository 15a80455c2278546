#pragma once
// Small git histories with known answers, made by fast-import: every commit has a date of its own.

#include "git/repository.hpp"
#include "support/git.hpp"
#include "util/clock.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::test {

// 2026-01-01T00:00:00 plus so many days.
inline Timestamp day(int number) {
  return Timestamp(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)) +
         std::chrono::days(number);
}

class GitHistory {
 public:
  explicit GitHistory(std::filesystem::path dir) : m_dir(std::move(dir)) {
    std::filesystem::create_directories(m_dir);
    git({"init", "-q", "--bare", "-b", "main", "."});
  }

  [[nodiscard]] const std::filesystem::path& dir() const { return m_dir; }

  std::string git(const std::vector<std::string>& args, std::string input = {}) const {
    return git_ok(m_dir, args, std::move(input));
  }

  // One commit on `branch`, dated day(number). A file without content is deleted. Returns its id.
  std::string commit(int number, const std::map<std::string, std::optional<std::string>>& files,
                     const std::string& subject = {}, const std::string& branch = "main",
                     const std::string& merged = {}, const std::string& from = {}) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(day(number));
    const std::string who =
        fmt::format("A U Thor <author@example.org> {} +0000", seconds.time_since_epoch().count());
    const std::string message = subject.empty() ? fmt::format("change {}", number) : subject;
    std::string stream = fmt::format("commit refs/heads/{}\nauthor {}\ncommitter {}\ndata {}\n{}\n",
                                     branch, who, who, message.size(), message);
    const std::string parent = from.empty() ? tip(branch) : from;
    if (!parent.empty()) {
      stream += "from " + parent + "\n";
    }
    if (!merged.empty()) {
      stream += "merge " + merged + "\n";
    }
    for (const auto& [path, content] : files) {
      stream += content ? fmt::format("M 100644 inline {}\ndata {}\n{}\n", path, content->size(),
                                      *content)
                        : fmt::format("D {}\n", path);
    }
    git({"fast-import", "--quiet", "--force"}, stream + "\n");
    return tip(branch);
  }

  [[nodiscard]] std::string tip(const std::string& branch = "main") const {
    return git({"for-each-ref", "--format=%(objectname)", "refs/heads/" + branch});
  }
  [[nodiscard]] std::string blob(const std::string& revision, const std::string& path) const {
    return git({"rev-parse", revision + ":" + path});
  }
  // The diff between two commits as a mail has it.
  [[nodiscard]] std::string diff(const std::string& from, const std::string& to,
                                 const std::vector<std::string>& options = {}) const {
    std::vector<std::string> args{"diff-tree", "-p", "-M"};
    args.insert(args.end(), options.begin(), options.end());
    args.insert(args.end(), {from, to});
    return git_output(m_dir, args);
  }

 private:
  std::filesystem::path m_dir;
};

}  // namespace patchmill::test
