#include "git/am_merge.hpp"

#include "git/history.hpp"
#include "git/index_file.hpp"
#include "git/raw_tree.hpp"
#include "util/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace patchmill::git {

namespace fs = std::filesystem;

namespace {

constexpr int kMaxRenames = 5;
constexpr std::chrono::seconds kMaxMergeSearch{2};
constexpr std::size_t kMaxFiles = 200;

// The tree without entries, which every git knows without having it.
std::string_view empty_tree(std::size_t id_bytes) {
  return id_bytes == 20 ? "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
                        : "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321";
}

std::vector<TreeEntry> listed(const EntryMap& entries) {
  std::vector<TreeEntry> list;
  for (const auto& [path, entry] : entries) {
    list.push_back(entry);
  }
  return list;
}

// The files the patch was made from, as far as git am -3 would find them.
Result<std::optional<EntryMap>> ancestor_of(Repository& repository, const EntryMap& entries,
                                            const PatchScan& scan) {
  EntryMap ancestor;
  for (const ScanFile& file : scan.files) {
    if (file.created || file.old_path.empty()) {
      continue;
    }
    const auto now = entries.find(file.old_path);
    TreeEntry entry{file.old_mode != 0 ? file.old_mode : 0100644u, {}, file.old_path};
    auto blob = repository.find_blob(file.old_blob);
    if (blob) {
      entry.id = std::move(*blob);
    } else if (blob.error().kind != ErrorKind::not_found) {
      return tl::unexpected(std::move(blob).error());
    } else if (file.hunks.empty() && !file.binary && now != entries.end()) {
      entry = now->second;  // only the name or the mode changes
    } else {
      return std::optional<EntryMap>();
    }
    ancestor.emplace(file.old_path, std::move(entry));
  }
  return std::optional<EntryMap>(std::move(ancestor));
}

// Puts the present files into an index and a folder, and lets git merge the other two into them.
Result<StepOutcome> merge(Repository& repository, const fs::path& scratch, const EntryMap& ancestor,
                          const EntryMap& ours, const std::vector<TreeEntry>& patched) {
  const std::string_view empty = empty_tree(repository.id_bytes());
  PM_TRY_ASSIGN(const ObjectId base, repository.update_tree(empty, listed(ancestor)));
  PM_TRY_ASSIGN(const ObjectId head, repository.update_tree(empty, listed(ours)));
  PM_TRY_ASSIGN(const ObjectId theirs, repository.update_tree(base, patched));

  const TempDir folder("merge", scratch);
  const fs::path files = folder.path() / "files";
  std::error_code error;
  fs::create_directories(files, error);
  const std::map<std::string, std::string> env = {
      {"GIT_INDEX_FILE", (folder.path() / "index").string()}, {"GIT_WORK_TREE", files.string()}};
  StepOutcome outcome;
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"read-tree", head},
        std::vector<std::string>{"checkout-index", "--all", "--force", "--quiet", "--index"},
        std::vector<std::string>{"merge-recursive", base, "--", head, theirs}}) {
    PM_TRY_ASSIGN(const Completed done,
                  repository.git_with_env(args, env, {}, std::chrono::minutes(1)));
    outcome.output = done.out + done.err;
    if (!done.ok()) {
      return outcome;
    }
  }
  PM_TRY_ASSIGN(const std::string bytes, read_file(folder.path() / "index"));
  const auto merged = read_index(bytes, repository.id_bytes());
  if (!merged) {
    return fail(ErrorKind::infrastructure, "git merge-recursive left an index that cannot be read");
  }
  if (auto changes = changes_between(ours, *merged)) {
    outcome.applied = true;
    outcome.changes = std::move(*changes);
  }
  return outcome;
}

}  // namespace

Result<std::optional<TreeEntry>> follow_renames(Repository& repository, std::string_view tip,
                                                std::string path,
                                                std::chrono::steady_clock::time_point deadline) {
  for (int i = 0; i < kMaxRenames; ++i) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      break;
    }
    PM_TRY_ASSIGN(const auto history, file_history(repository, tip, path, 1, left));
    if (history.empty() || !history.front().after.empty()) {
      break;
    }
    PM_TRY_ASSIGN(auto target, renamed_to(repository, history.front().commit, path, left));
    if (!target) {
      break;
    }
    path = std::move(*target);
    const std::vector<std::string> one{path};
    PM_TRY_ASSIGN(auto entry, repository.entries(tip, one));
    if (!entry.empty() && entry.front().mode != kModeTree) {
      return std::optional<TreeEntry>(std::move(entry.front()));
    }
  }
  return std::optional<TreeEntry>();
}

Result<std::optional<StepOutcome>> merge_renamed(Repository& repository, const fs::path& scratch,
                                                 std::string_view tip, EntryMap& entries,
                                                 const PatchScan& scan, std::string_view diff) {
  std::set<std::string> missing;
  for (const ScanFile& file : scan.files) {
    if (!file.created && !file.old_path.empty() && !entries.contains(file.old_path)) {
      missing.insert(file.old_path);
    }
  }
  if (missing.empty() || scan.files.size() > kMaxFiles) {
    return std::optional<StepOutcome>();
  }
  PM_TRY_ASSIGN(const auto ancestor, ancestor_of(repository, entries, scan));
  if (!ancestor) {
    return std::optional<StepOutcome>();
  }
  const auto deadline = std::chrono::steady_clock::now() + kMaxMergeSearch;
  bool found = false;
  for (const std::string& path : missing) {
    PM_TRY_ASSIGN(auto target, follow_renames(repository, tip, path, deadline));
    if (target) {
      found = true;
      entries.emplace(target->path, *target);
    }
  }
  if (!found) {
    return std::optional<StepOutcome>();
  }
  PM_TRY_ASSIGN(const StepOutcome patched,
                git_apply(repository, scratch, *ancestor, diff, ApplyMode::exact));
  if (!patched.applied) {
    return std::optional<StepOutcome>();  // the patch was edited by hand
  }
  PM_TRY_ASSIGN(StepOutcome merged,
                merge(repository, scratch, *ancestor, entries, patched.changes));
  return merged.applied ? std::optional<StepOutcome>(std::move(merged)) : std::nullopt;
}

}  // namespace patchmill::git
