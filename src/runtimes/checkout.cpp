#include "runtimes/checkout.hpp"

#include "runtimes/checkout_index.hpp"
#include "runtimes/checkout_state.hpp"
#include "runtimes/folder_writer.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <set>

namespace patchmill::runtimes {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> io_failed(const fs::path& path, const std::error_code& error) {
  return fail(ErrorKind::infrastructure,
              fmt::format("cannot prepare {}: {}", path.string(), error.message()));
}

Result<void> prepare_git_dir(git::Repository& repository, const CheckoutPlace& place) {
  std::error_code error;
  const fs::path objects = fs::canonical(repository.git_dir() / "objects", error);
  if (error) {
    return io_failed(repository.git_dir(), error);
  }
  for (const char* folder : {"objects/info", "objects/pack", "refs/heads", "info"}) {
    fs::create_directories(place.git_dir() / folder, error);
    if (error) {
      return io_failed(place.git_dir(), error);
    }
  }
  // No conversion of any kind, whatever the tree's own attributes say. Copies of the slot are hard
  // links, which change a file's ctime.
  const std::pair<const char*, std::string> files[] = {
      {"objects/info/alternates", objects.string() + "\n"},
      {"info/attributes", "* -text -eol -ident -filter !working-tree-encoding\n"},
      {"config", repository.id_bytes() == 32
                     ? "[core]\n\trepositoryformatversion = 1\n\ttrustctime = false\n"
                       "[extensions]\n\tobjectFormat = sha256\n"
                     : "[core]\n\trepositoryformatversion = 0\n\ttrustctime = false\n"}};
  for (const auto& [name, content] : files) {
    const auto present = read_file(place.git_dir() / name, 1u << 20);
    if (!present || *present != content) {
      PM_TRY(write_file_atomic(place.git_dir() / name, content));
      ::chmod((place.git_dir() / name).c_str(), 0644);
    }
  }
  return {};
}

Result<void> set_head(const CheckoutPlace& place, const git::ObjectId& commit) {
  PM_TRY(write_file_atomic(place.git_dir() / "HEAD", commit + "\n"));
  ::chmod((place.git_dir() / "HEAD").c_str(), 0644);
  return {};
}

// From nothing: git writes all files at once, in parallel.
Result<void> fill(const CheckoutPlace& place, const git::ObjectId& commit) {
  std::error_code error;
  fs::remove(place.state(), error);
  fs::remove_all(place.source(), error);
  fs::remove(place.index(), error);
  fs::remove(place.index().string() + ".lock", error);
  if (!fs::create_directory(place.source(), error)) {
    return io_failed(place.source(), error);
  }
  ::chmod(place.source().c_str(), 0755);
  PM_TRY(run_checkout_git(place, {"read-tree", commit}));
  PM_TRY(run_checkout_git(place,
                          {"-c", "checkout.workers=0", "-c", "checkout.thresholdForParallelism=500",
                           "checkout-index", "-a", "-f", "-q", "-u"}));
  return write_state(place.state(), commit);
}

// What differs between two commits, as what the paths are in the second.
Result<PathChanges> changes_between(git::Repository& repository, const git::ObjectId& from,
                                    const git::ObjectId& to) {
  PM_TRY_ASSIGN(auto completed, repository.git({"diff-tree", "-r", "-z", "--raw", "--no-renames",
                                                "--no-abbrev", from, to}));
  if (!completed.ok() || completed.truncated) {
    return fail(
        ErrorKind::not_found,
        fmt::format("cannot compare {} with {}: {}", from, to,
                    ellipsize(escape_terminal(mend_utf8(joined_lines(completed.err))), 200)));
  }
  PathChanges changes;
  const auto fields = split(completed.out, '\0');
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    // ":100644 100755 <id> <id> M"
    const auto words = split(fields[i], ' ');
    if (words.size() != 5 || !words[0].starts_with(':') || !git::is_object_id(words[3])) {
      return fail(ErrorKind::infrastructure, "git diff-tree printed something unexpected");
    }
    git::TreeEntry entry;
    for (const char digit : words[1]) {
      entry.mode = entry.mode * 8 + static_cast<std::uint32_t>(digit - '0');
    }
    entry.id = words[3];
    entry.path = fields[i + 1];
    changes[entry.path] = entry;
  }
  return changes;
}

Result<void> apply(git::Repository& repository, const CheckoutPlace& place,
                   const PathChanges& changes, CheckoutOutcome& outcome) {
  PM_TRY_ASSIGN(auto writer, FolderWriter::open(place.source(), place.home));
  // What goes makes room first: a file may become a folder and the other way round.
  for (const auto& [path, entry] : changes) {
    if (entry.mode == 0) {
      PM_TRY(writer.remove(path));
      ++outcome.removed;
    }
  }
  for (const auto& [path, entry] : changes) {
    if (entry.mode == 0) {
      continue;
    }
    ++outcome.written;
    if (entry.mode == 0160000) {
      PM_TRY(writer.make_folder(path));
      continue;
    }
    PM_TRY_ASSIGN(const auto object, repository.read(entry.id));
    if (entry.mode == 0120000) {
      PM_TRY(writer.write_link(path, object.data));
    } else {
      PM_TRY(writer.write_file(path, object.data, (entry.mode & 0111) != 0));
    }
  }
  return {};
}

// Adds the paths of an interrupted change, as they are in `commit`.
Result<void> add_interrupted(git::Repository& repository, const CheckoutState& state,
                             const git::ObjectId& commit, PathChanges& changes) {
  std::vector<std::string> paths;
  for (const git::ObjectId& towards : state.towards) {
    PM_TRY_ASSIGN(const auto started, changes_between(repository, state.holds, towards));
    for (const auto& [path, entry] : started) {
      // One that may not be in the folder was refused there, and is not in it.
      if (!changes.contains(path) && is_safe_path(path)) {
        paths.push_back(path);
      }
    }
  }
  PM_TRY_ASSIGN(const auto entries, repository.entries(commit, paths));
  for (const std::string& path : paths) {
    changes[path] = git::TreeEntry{0, {}, path};
  }
  for (const git::TreeEntry& entry : entries) {
    if (entry.mode != 040000) {
      changes[entry.path] = entry;
    } else {
      changes.erase(entry.path);  // a folder there: its files are in `changes` themselves
    }
  }
  return {};
}

// After the machine went down: reads every file, makes the index anew, and names those that are not
// what they should be.
Result<PathChanges> find_damage(git::Repository& repository, const CheckoutPlace& place,
                                const git::ObjectId& commit) {
  PM_TRY(make_index(place, commit, false));
  PM_TRY_ASSIGN(const auto differing,
                run_checkout_git(place, {"diff", "-z", "--name-only", "--no-renames",
                                         "--no-ext-diff", "--ignore-submodules=all"}));
  std::vector<std::string> paths;
  for (const std::string_view path : split(differing.out, '\0')) {
    if (!path.empty()) {
      paths.emplace_back(path);
    }
  }
  PM_TRY_ASSIGN(const auto entries, repository.entries(commit, paths));
  PathChanges changes;
  for (const git::TreeEntry& entry : entries) {
    changes[entry.path] = entry;
  }
  return changes;
}

Result<CheckoutOutcome> update(git::Repository& repository, const CheckoutPlace& place,
                               const CheckoutState& state, const git::ObjectId& commit) {
  CheckoutOutcome outcome;
  PM_TRY_ASSIGN(auto changes, changes_between(repository, state.holds, commit));
  if (!state.towards.empty()) {
    PM_TRY(add_interrupted(repository, state, commit, changes));
    outcome.repaired = true;
  }
  if (!changes.empty()) {
    auto towards = state.towards;
    towards.push_back(commit);
    PM_TRY(write_state(place.state(), state.holds, towards));
    PM_TRY(apply(repository, place, changes, outcome));
  }
  if (!state.same_boot()) {
    PM_TRY_ASSIGN(const auto damage, find_damage(repository, place, commit));
    outcome.repaired = outcome.repaired || !damage.empty();
    PM_TRY(apply(repository, place, damage, outcome));
    PM_TRY(update_index(place, damage));
  } else if (!state.towards.empty() || !fs::exists(place.index())) {
    PM_TRY(make_index(place, commit, true));
  } else if (!changes.empty()) {
    PM_TRY(update_index(place, changes));
  }
  if (!changes.empty() || state.holds != commit || !state.towards.empty() || !state.same_boot()) {
    PM_TRY(write_state(place.state(), commit));
  }
  return outcome;
}

}  // namespace

Result<CheckoutOutcome> materialise(git::Repository& repository, const git::ObjectId& commit,
                                    const CheckoutPlace& place) {
  if (!git::is_object_id(commit)) {
    return fail(ErrorKind::invalid, fmt::format("\"{}\" is no full commit id", commit));
  }
  std::error_code error;
  fs::create_directories(place.home, error);
  if (error) {
    return io_failed(place.home, error);
  }
  PM_TRY(prepare_git_dir(repository, place));
  PM_TRY(set_head(place, commit));
  if (const auto state = read_state(place.state()); state && fs::is_directory(place.source())) {
    auto updated = update(repository, place, *state, commit);
    if (updated || updated.error().kind == ErrorKind::invalid) {
      return updated;
    }
    // The old commit may be gone from the repository, or somebody changed the folder.
  }
  PM_TRY(fill(place, commit));
  CheckoutOutcome outcome;
  outcome.filled = true;
  return outcome;
}

std::vector<fs::path> borrowed_objects(const fs::path& git_dir) {
  std::vector<fs::path> result;
  std::vector<fs::path> queue = {git_dir / "objects"};
  std::set<fs::path> seen;
  while (!queue.empty() && result.size() < 100) {
    const fs::path objects = queue.back();
    queue.pop_back();
    const auto text = read_file(objects / "info/alternates", 1u << 20);
    if (!text) {
      continue;
    }
    for (const std::string_view line : split_lines(*text)) {
      if (line.empty() || line.starts_with('#')) {
        continue;
      }
      std::error_code error;
      fs::path path(line);
      path = fs::canonical(path.is_absolute() ? path : objects / path, error);
      if (!error && seen.insert(path).second) {
        result.push_back(path);
        queue.push_back(path);
      }
    }
  }
  return result;
}

}  // namespace patchmill::runtimes
