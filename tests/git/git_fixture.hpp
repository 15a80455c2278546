#pragma once
// Throw-away repositories for the tests of src/git, made with the git command itself.

#include "git/apply.hpp"
#include "git/repository.hpp"
#include "support/git.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::git::testing {

// Thousands of small files are made and removed: in memory, where there is room for them.
inline const bool kInMemory = [] {
  std::error_code error;
  const auto space = std::filesystem::space("/dev/shm", error);
  return !error && space.available > (2ull << 30) && ::access("/dev/shm", W_OK) == 0 &&
         ::setenv("TMPDIR", "/dev/shm", 0) == 0;
}();

using test::git_ok;
using test::run_git;

// A repository whose commits are written through fast-import; there is no checkout.
class Sandbox {
 public:
  struct File {
    std::string content;
    std::uint32_t mode = 0100644;
    bool operator==(const File&) const = default;
  };
  using Files = std::map<std::string, File>;

  explicit Sandbox(bool sha256 = false) : m_dir("patchmill-git-test") {
    git_ok(m_dir.path(), {"init", "-q", "--bare", "-b", "main",
                          sha256 ? "--object-format=sha256" : "--object-format=sha1", "repo.git"});
    auto opened = Repository::open(dir());
    REQUIRE_MESSAGE(opened.has_value(), (opened ? std::string() : opened.error().message));
    m_repository = std::move(*opened);
  }

  [[nodiscard]] std::filesystem::path root() const { return m_dir.path(); }
  [[nodiscard]] std::filesystem::path dir() const { return m_dir.path() / "repo.git"; }
  Repository& repository() { return *m_repository; }

  // One commit on `main` with exactly these files.
  ObjectId commit(const Files& files, const std::string& subject = "change") {
    std::string stream = "commit refs/heads/main\n";
    stream += "author A U Thor <author@example.org> " + std::to_string(m_time) + " +0100\n";
    stream +=
        "committer C O Mitter <committer@example.org> " + std::to_string(m_time++) + " +0000\n";
    stream += data(subject + "\n");
    if (!m_tip.empty()) {
      stream += "from " + m_tip + "\n";
    }
    stream += "deleteall\n";
    for (const auto& [path, file] : files) {
      stream += modify(path, file);
    }
    git_ok(dir(), {"fast-import", "--quiet", "--force"}, stream);
    m_tip = git_ok(dir(), {"rev-parse", "main"});
    return m_tip;
  }

  static std::string data(std::string_view bytes) {
    return "data " + std::to_string(bytes.size()) + "\n" + std::string(bytes) + "\n";
  }

  static std::string modify(const std::string& path, const File& file) {
    std::string mode;
    for (std::uint32_t rest = file.mode; rest != 0; rest /= 8) {
      mode.insert(mode.begin(), static_cast<char>('0' + rest % 8));
    }
    if (file.mode == 0160000) {
      return "M 160000 " + file.content + " " + quoted(path) + "\n";
    }
    return "M " + mode + " inline " + quoted(path) + "\n" + data(file.content);
  }

  // As fast-import reads names.
  static std::string quoted(const std::string& path) {
    std::string out = "\"";
    for (char c : path) {
      if (c == '"' || c == '\\') {
        out += '\\';
      }
      if (c == '\n') {
        out += "\\n";
      } else {
        out += c;
      }
    }
    return out + "\"";
  }

  // The diff between two commits, as format-patch writes it.
  std::string diff(const ObjectId& from, const ObjectId& to, std::vector<std::string> extra = {}) {
    std::vector<std::string> args = {"diff-tree", "-p", "--binary", "-M", "--full-index"};
    args.insert(args.end(), extra.begin(), extra.end());
    args.insert(args.end(), {from, to});
    const Completed done = run_git(dir(), args);
    REQUIRE(done.ok());
    return done.out;
  }

  ObjectId tree_of(const std::string& revision) {
    return git_ok(dir(), {"rev-parse", revision + "^{tree}"});
  }

  static PatchInput patch(std::string diff, std::string label = "[PATCH] x") {
    return {std::move(label),
            std::move(diff),
            {"A U Thor", "author@example.org", 1700000000, 60},
            "x: do\n\nBecause.\n"};
  }

  ApplyOutcome apply(const ObjectId& base, const std::vector<PatchInput>& patches,
                     const ApplyOptions& options = {}) {
    auto outcome = apply_series(repository(), base, patches, options);
    REQUIRE_MESSAGE(outcome.has_value(), (outcome ? std::string() : outcome.error().message));
    return std::move(*outcome);
  }

 private:
  TempDir m_dir;
  std::unique_ptr<Repository> m_repository;
  ObjectId m_tip;
  std::int64_t m_time = 1600000000;
};

inline std::string numbered_lines(int from, int to, std::string_view word = "line") {
  std::string text;
  for (int i = from; i <= to; ++i) {
    text += std::string(word) + " " + std::to_string(i) + "\n";
  }
  return text;
}

}  // namespace patchmill::git::testing
