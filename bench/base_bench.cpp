// Choosing a base without base-commit in a long history: a cold process against the bound of two
// seconds, and against `git log --find-object` for every file, which is how it is done by hand.
//
// The history (60 000 commits by fast-import) and its index are kept in
// ${XDG_CACHE_HOME:-~/.cache}/patchmill/bench.

#include "git/repository.hpp"
#include "placement/placement.hpp"
#include "store/blob_store.hpp"
#include "store/migrations.hpp"
#include "tracker/queries.hpp"
#include "util/file.hpp"
#include "util/subprocess.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace fs = std::filesystem;
using namespace patchmill;

namespace {

constexpr int k_commits = 60'000;
constexpr int k_base_commit = 38'123;
constexpr int k_folders = 1500;
constexpr int k_files_a_folder = 20;
constexpr double k_bound_ms = 2000;
constexpr std::int64_t k_first_second = 1'500'000'000;
constexpr std::int64_t k_seconds_a_commit = 1200;

[[noreturn]] void die(const std::string& message) {
  fmt::print(stderr, "base_bench: {}\n", message);
  std::exit(1);
}

template <class T>
T value_of(Result<T> result) {
  if (!result) {
    die(result.error().message);
  }
  return std::move(*result);
}

fs::path cache_dir() {
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg != nullptr && *xdg != '\0') {
    return fs::path(xdg) / "patchmill" / "bench";
  }
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr ? home : "/tmp") / ".cache" / "patchmill" / "bench";
}

Completed run_git(const fs::path& dir, std::vector<std::string> args, std::string input = {}) {
  Command command;
  command.argv = {"git", "--git-dir", dir.string()};
  command.argv.insert(command.argv.end(), args.begin(), args.end());
  command.env = git::git_environment();
  command.input = std::move(input);
  SystemProcessRunner runner;
  Completed done = value_of(runner.run(command));
  if (!done.ok()) {
    die("git " + args[0] + ": " + done.err);
  }
  return done;
}

std::string path_of(int file) {
  static constexpr const char* k_tops[] = {"drivers", "fs",      "net",   "arch",   "sound",
                                           "lib",     "include", "tools", "kernel", "block"};
  const int folder = file / k_files_a_folder;
  return fmt::format("{}/part{}/unit{}/file{}.{}", k_tops[folder % 10], folder / 100, folder % 100,
                     file % k_files_a_folder, file % 3 == 0 ? "h" : "c");
}

std::string content_of(int file, int version) {
  std::string text;
  for (int line = 0; line < 40; ++line) {
    text += fmt::format("static int value_{}_{} = {};\n", file, line,
                        line == version % 40 ? version : line);
  }
  return text;
}

// Some files change all the time, most hardly ever.
int pick_file(std::mt19937& random) {
  std::uniform_real_distribution<double> uniform(0, 1);
  const double skewed = uniform(random) * uniform(random) * uniform(random);
  return static_cast<int>(skewed * (k_folders * k_files_a_folder - 1));
}

void append_commit(std::string& stream, int number, std::mt19937& random,
                   std::vector<int>& versions) {
  const std::string who = fmt::format("A U Thor <author@example.org> {} +0000",
                                      k_first_second + number * k_seconds_a_commit);
  const std::string message = fmt::format("part: change number {}\n", number);
  stream += fmt::format("commit refs/heads/main\nmark :{}\nauthor {}\ncommitter {}\ndata {}\n{}",
                        number + 1, who, who, message.size(), message);
  std::vector<int> files;
  if (number == 0) {
    for (int file = 0; file < k_folders * k_files_a_folder; ++file) {
      files.push_back(file);
    }
  } else {
    const auto count = 1 + random() % 4;
    for (unsigned i = 0; i < count; ++i) {
      files.push_back(pick_file(random));
    }
  }
  for (const int file : files) {
    const std::string content = content_of(file, ++versions[static_cast<std::size_t>(file)]);
    stream +=
        fmt::format("M 100644 inline {}\ndata {}\n{}\n", path_of(file), content.size(), content);
  }
  stream += '\n';
}

void make_history(const fs::path& dir) {
  fmt::print("making a history of {} commits in {} (once)\n", k_commits, dir.string());
  const fs::path part = dir.string() + ".part";
  fs::remove_all(part);
  fs::create_directories(part);
  run_git(part, {"init", "-q", "--bare", "-b", "main", part.string()});
  Command command;
  command.argv = {"git", "--git-dir", part.string(), "fast-import", "--quiet"};
  command.env = git::git_environment();
  auto importer = value_of(ChildProcess::start(command));
  std::mt19937 random(1);
  std::vector<int> versions(std::size_t{k_folders} * k_files_a_folder, 0);
  std::string stream;
  for (int i = 0; i < k_commits; ++i) {
    append_commit(stream, i, random, versions);
    if (stream.size() > (1u << 20) || i + 1 == k_commits) {
      value_of(importer->write(stream).map([] { return true; }));
      stream.clear();
    }
  }
  value_of(importer->write("done\n").map([] { return true; }));
  importer->close_input();
  while (importer->read_line()) {
  }
  importer.reset();
  for (int wait = 0; wait < 600 && run_git(part, {"for-each-ref"}).out.empty(); ++wait) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  fs::rename(part, dir);
}

struct Input {
  git::ObjectId base;
  placement::SeriesPatches patches;
  tracker::Series series;
};

// Four patches on eight files made from a commit in the middle, posted some days later.
Input make_series(const fs::path& history) {
  Input input;
  const std::string range = fmt::format("main~{}", k_commits - 1 - k_base_commit);
  input.base = run_git(history, {"rev-parse", range}).out.substr(0, 40);
  const std::string list = run_git(history, {"diff-tree", "-r", "--name-only", "--no-commit-id",
                                             input.base + "~12", input.base})
                               .out;
  std::vector<std::string> paths;
  for (std::size_t start = 0; start < list.size() && paths.size() < 8;) {
    const std::size_t end = list.find('\n', start);
    paths.push_back(list.substr(start, end - start));
    start = end + 1;
  }
  for (std::size_t i = 0; i + 1 < paths.size(); i += 2) {
    git::PatchInput patch;
    patch.label = fmt::format("[PATCH {}/4] part: try", i / 2 + 1);
    patch.author = {"A U Thor", "author@example.org", k_first_second, 0};
    patch.message = "part: try\n";
    std::vector<std::string> of_patch;
    for (std::size_t j = i; j < i + 2; ++j) {
      const std::string old =
          run_git(history, {"cat-file", "blob", input.base + ":" + paths[j]}).out;
      const std::string blob =
          run_git(history, {"rev-parse", "--short=12", input.base + ":" + paths[j]})
              .out.substr(0, 12);
      const std::string first = old.substr(0, old.find('\n'));
      std::string context;
      std::size_t at = first.size() + 1;
      for (int line = 0; line < 3; ++line) {
        const std::size_t end = old.find('\n', at);
        context += " " + old.substr(at, end - at) + "\n";
        at = end + 1;
      }
      patch.diff += fmt::format(
          "diff --git a/{0} b/{0}\nindex {1}..{2} 100644\n--- a/{0}\n+++ b/{0}\n"
          "@@ -1,4 +1,4 @@\n-{3}\n+{3} /* try */\n{4}",
          paths[j], blob, "123456789abc", first, context);
      of_patch.push_back(paths[j]);
    }
    input.patches.inputs.push_back(std::move(patch));
    input.patches.paths.push_back(std::move(of_patch));
  }
  input.series.date =
      Timestamp(std::chrono::seconds(k_first_second + (k_base_commit + 5) * k_seconds_a_commit));
  return input;
}

std::vector<placement::TreeSpec> trees(const fs::path& history) {
  return {{.name = "main",
           .url = history.string(),
           .branch = "main",
           .lists = {},
           .subject_tags = {},
           .paths = {}}};
}

// What the measured process does: load and choose. Prints the commit and the state.
int choose(const fs::path& history, const fs::path& data) {
  const Input input = make_series(history);
  const auto start = std::chrono::steady_clock::now();
  auto database = store::Database::open((data / "store.db").string());
  const store::BlobStore blobs(data / "blobs");
  tracker::Queries queries(*database, blobs);
  const SystemClock clock;
  placement::Placer placer(*database, data, trees(history), clock);
  const auto placed = value_of(placer.place(input.series, input.patches, queries));
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  if (placed.state != placement::PlacementState::placed) {
    die("not placed: " + placed.explanation);
  }
  fmt::print("{:.3f} {}\n", took.count(), placed.candidates[*placed.chosen].commit);
  return 0;
}

double by_find_object(const fs::path& history, const Input& input) {
  const auto start = std::chrono::steady_clock::now();
  for (const auto& paths : input.patches.paths) {
    for (const auto& path : paths) {
      const std::string blob = run_git(history, {"rev-parse", input.base + ":" + path}).out;
      run_git(history, {"log", "--format=%H", "--max-count=1",
                        "--find-object=" + blob.substr(0, 40), "main"});
    }
  }
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  return took.count();
}

}  // namespace

int main(int argc, char** argv) {
  const fs::path cache = cache_dir();
  const fs::path history = cache / fmt::format("base-history-{}.git", k_commits);
  const fs::path data = cache / "base-data";
  if (argc == 2 && std::string_view(argv[1]) == "--choose") {
    return choose(history, data);
  }
  fs::create_directories(cache);
  if (!fs::exists(history)) {
    make_history(history);
  }
  fs::remove_all(data);
  fs::create_directories(data);
  {
    auto database = store::Database::open((data / "store.db").string());
    store::migrate(*database);
    const SystemClock clock;
    placement::Placer placer(*database, data, trees(history), clock);
    const auto start = std::chrono::steady_clock::now();
    for (const auto& [tree, result] : placer.refresh()) {
      if (!result) {
        die(tree + ": " + result.error().message);
      }
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::uintmax_t bytes = 0;
    for (const auto& item : fs::directory_iterator(data / "trees" / "main.index")) {
      bytes += item.file_size();
    }
    fmt::print("mirror and index of {} commits: {:.1f} s, {:.0f} commits/s, {:.1f} MB\n", k_commits,
               took.count(), k_commits / took.count(), static_cast<double>(bytes) / 1e6);
    const auto again = std::chrono::steady_clock::now();
    placer.refresh();
    const std::chrono::duration<double, std::milli> idle = std::chrono::steady_clock::now() - again;
    fmt::print("refresh with nothing new: {:.0f} ms\n", idle.count());
  }

  const Input input = make_series(history);
  std::vector<double> times;
  SystemProcessRunner runner;
  for (int i = 0; i < 7; ++i) {
    Command command;
    command.argv = {fs::read_symlink("/proc/self/exe").string(), "--choose"};
    const Completed done = value_of(runner.run(command));
    if (!done.ok()) {
      die("--choose: " + done.err);
    }
    times.push_back(std::strtod(done.out.c_str(), nullptr));
    const std::string commit = done.out.substr(done.out.find(' ') + 1, 40);
    // The newest commit not newer than the posting that still has these very files: its base, or
    // one of the five commits between that and the posting.
    const auto ahead = run_git(history, {"rev-list", "--count", input.base + ".." + commit}).out;
    const auto behind = run_git(history, {"rev-list", "--count", commit + ".." + input.base}).out;
    if (std::strtol(ahead.c_str(), nullptr, 10) > 5 ||
        std::strtol(behind.c_str(), nullptr, 10) > 0) {
      die("chose " + commit + ", which is not where the series was made");
    }
  }
  std::sort(times.begin(), times.end());
  const double ours = times[times.size() / 2];
  const double peer = by_find_object(history, input);
  fmt::print("base-git ratio {:.1f} (ours {:.1f} ms, peer {:.0f} ms)\n", peer / ours, ours, peer);
  fmt::print("base ratio {:.1f} (ours {:.1f} ms, peer {:.0f} ms)\n", k_bound_ms / ours, ours,
             k_bound_ms);
  return 0;
}
