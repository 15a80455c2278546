// Applying a five-patch series on a tree of 78 000 files, against git am in a warm worktree.
//
// APPLY_TREE names a repository to use (its HEAD is the base); without, one is made and kept in
// the user's cache folder. Asked: at least 15 times as fast, at most 6 ms a patch, the same tree.

#include "git/apply.hpp"
#include "git/raw_tree.hpp"
#include "git/repository.hpp"
#include "mail/message.hpp"
#include "mail/trailers.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace fs = std::filesystem;
using namespace patchmill;

namespace {

constexpr int kPatches = 5;
constexpr int kRounds = 7;

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "apply bench: {}\n", why);
  std::exit(3);
}

template <class T>
T need(Result<T> result) {
  if (!result) {
    give_up(result.error().message);
  }
  return std::move(*result);
}

Completed run(const fs::path& cwd, std::vector<std::string> args, std::string input = {}) {
  Command command;
  command.argv = {"git"};
  command.argv.insert(command.argv.end(), args.begin(), args.end());
  command.cwd = cwd.string();
  command.env = git::git_environment();
  for (const char* who : {"AUTHOR", "COMMITTER"}) {
    command.env[fmt::format("GIT_{}_NAME", who)] = "Bench";
    command.env[fmt::format("GIT_{}_EMAIL", who)] = "bench@example.org";
    command.env[fmt::format("GIT_{}_DATE", who)] = "1700000000 +0000";
  }
  command.inherit_env = false;
  command.input = std::move(input);
  command.max_output = 1u << 30;
  return need(SystemProcessRunner().run(command));
}

std::string git_ok(const fs::path& cwd, std::vector<std::string> args, std::string input = {}) {
  const Completed done = run(cwd, args, std::move(input));
  if (!done.ok()) {
    give_up(fmt::format("git {} failed: {}", join(args, " "), done.err));
  }
  return std::string(trim(done.out));
}

fs::path cache_folder() {
  const char* xdg = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const fs::path base = xdg != nullptr && *xdg != '\0' ? fs::path(xdg)
                        : home != nullptr              ? fs::path(home) / ".cache"
                                                       : fs::temp_directory_path();
  return base / "patchmill" / "bench";
}

// Every fortieth file is as long as those that patches usually touch; the others only have to be
// there.
std::string source_text(int number) {
  std::string text = fmt::format("// file {}\n", number);
  const int lines = number % 40 == 0 ? 200 + number % 900 : 5;
  for (int i = 0; i < lines; ++i) {
    text += fmt::format("static int value_{}_{} = {};\n", number, i, (number * 31 + i * 7) % 977);
  }
  return text;
}

// As many files and folders as a kernel has.
fs::path synthetic_tree() {
  const fs::path target = cache_folder() / "apply-tree.git";
  if (fs::exists(target)) {
    return target;
  }
  fmt::print("making a tree of 78000 files in {} (once)\n", target.string());
  const fs::path beside = cache_folder() / "apply-tree.new";
  fs::remove_all(beside);
  fs::create_directories(beside);
  git_ok(beside, {"init", "-q", "--bare", "-b", "main"});
  std::string stream =
      "commit refs/heads/main\ncommitter Bench <bench@example.org> 1700000000 +0000\n"
      "data 5\nbase\n";
  for (int i = 0; i < 78000; ++i) {
    const std::string path =
        fmt::format("dir{}/sub{}/part{}/file{}.c", i % 24, i / 24 % 30, i / 720 % 7, i);
    const std::string text = source_text(i);
    stream += fmt::format("M 100644 inline {}\ndata {}\n{}\n", path, text.size(), text);
  }
  git_ok(beside, {"fast-import", "--quiet"}, std::move(stream));
  fs::rename(beside, target);
  return target;
}

// Five patches, each on three files of the tree, one of them touched by all.
std::vector<std::string> make_mails(const fs::path& worktree) {
  std::vector<std::string> files;
  const std::string listed = git_ok(worktree, {"ls-files", "-z", "--", "*.c"});
  for (std::string_view path : split(listed, '\0')) {
    std::error_code error;
    const auto size = fs::file_size(worktree / path, error);
    if (!error && size > 4000 && size < 60000) {
      files.emplace_back(path);
    }
  }
  if (files.size() < 100) {
    give_up("the tree has too few C files to patch");
  }
  for (int i = 0; i < kPatches; ++i) {
    const auto n = files.size();
    for (const std::size_t at : {n / 2, n * static_cast<std::size_t>(i + 1) / 7,
                                 n * static_cast<std::size_t>(i + 1) / 9 + 1}) {
      const fs::path path = worktree / files[at];
      const std::string text = need(read_file(path));
      const auto lines = split_lines(text);
      std::string changed;
      for (std::size_t k = 0; k < lines.size(); ++k) {
        changed += lines[k];
        changed += '\n';
        if (k == lines.size() * static_cast<std::size_t>(i + 1) / 7) {
          changed += fmt::format("/* added by patch {} */\n", i + 1);
        }
      }
      need(write_file_atomic(path, changed).map([] { return 0; }));
    }
    git_ok(worktree, {"commit", "-q", "-a", "-m", fmt::format("bench: patch {}", i + 1)});
  }
  std::vector<std::string> mails;
  for (int i = kPatches; i > 0; --i) {
    mails.push_back(run(worktree, {"format-patch", "--stdout", "--full-index", "-1",
                                   fmt::format("HEAD~{}", i - 1)})
                        .out);
  }
  return mails;
}

std::vector<git::PatchInput> read_mails(const std::vector<std::string>& mails) {
  std::vector<git::PatchInput> patches;
  for (const std::string& text : mails) {
    const auto message =
        need(mail::parse_message(std::string_view(text).substr(text.find('\n') + 1)));
    const mail::CommitText commit = mail::commit_text(message);
    git::PatchInput patch;
    patch.label = commit.title;
    patch.author = {commit.author.name, commit.author.email, 1700000000, 0};
    patch.message = commit.message();
    patch.diff = message.diff;
    patches.push_back(std::move(patch));
  }
  return patches;
}

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

struct Figures {
  double ours = 0, ours_by_git = 0, peer = 0;  // ms a patch
};

Figures compare(const fs::path& tree, const fs::path& scratch) {
  const fs::path worktree = scratch / "worktree";
  git_ok(scratch, {"clone", "-q", "--shared", tree.string(), worktree.string()});
  const std::string base = git_ok(worktree, {"rev-parse", "HEAD"});
  const std::vector<std::string> mails = make_mails(worktree);
  std::string mbox;
  for (const std::string& mail : mails) {
    mbox += mail;
  }
  std::vector<double> ours, by_git, peer;
  for (int round = 0; round < kRounds; ++round) {
    git_ok(worktree, {"reset", "-q", "--hard", base});
    git_ok(worktree, {"status", "--short"});  // a warm index
    auto start = std::chrono::steady_clock::now();
    const Completed am = run(worktree, {"am", "-q"}, mbox);
    peer.push_back(milliseconds_since(start) / kPatches);
    if (!am.ok()) {
      give_up("git am failed: " + am.err);
    }
    const std::string expected = git_ok(worktree, {"rev-parse", "HEAD^{tree}"});

    for (const bool direct : {true, false}) {
      // A new repository each time, so that no object is there from the round before; with the
      // folders for objects that every repository in use has, git am's among them.
      const std::vector<fs::path> alternates{tree};
      const fs::path folder = scratch / fmt::format("ours-{}-{}.git", round, direct);
      need(git::Repository::create(folder, alternates));
      for (int i = 0; i < 256; ++i) {
        fs::create_directory(folder / "objects" / fmt::format("{:02x}", i));
      }
      // All that git am does is in the time: reading the mails, starting git, applying.
      start = std::chrono::steady_clock::now();
      const std::vector<git::PatchInput> patches = read_mails(mails);
      auto repository = need(git::Repository::open(folder));
      const auto outcome = need(git::apply_series(*repository, base, patches, {.direct = direct}));
      (direct ? ours : by_git).push_back(milliseconds_since(start) / kPatches);
      if (!outcome.ok() || outcome.applied.back().tree != expected) {
        give_up("the tree differs from the one git am gives");
      }
    }
  }
  return {median(ours), median(by_git), median(peer)};
}

}  // namespace

int main() {
  const char* named = std::getenv("APPLY_TREE");
  const fs::path tree = named != nullptr ? fs::path(named) : synthetic_tree();
  const TempDir scratch("patchmill-bench", cache_folder().parent_path());
  const Figures figures = compare(tree, scratch.path());
  fmt::print("{} patches on {}, median of {} interleaved rounds, same tree id each time\n",
             kPatches, tree.string(), kRounds);
  fmt::print("every patch through git apply: {:.2f} ms/patch, {:.1f} times as fast as git am\n",
             figures.ours_by_git, figures.peer / figures.ours_by_git);
  fmt::print("asked: ratio >= 15, ours <= 6 ms/patch\n");
  fmt::print("apply ratio {:.1f} (ours {:.2f} ms/patch, peer {:.1f} ms/patch)\n",
             figures.peer / figures.ours, figures.ours, figures.peer);
  return 0;
}
