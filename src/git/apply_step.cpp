#include "git/apply_step.hpp"

#include "git/hunk_image.hpp"
#include "git/raw_tree.hpp"
#include "util/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace patchmill::git {

namespace {

constexpr std::uint32_t kRegular = 0100000;
constexpr std::uint32_t kTypeMask = 0170000;

bool is_regular(std::uint32_t mode) {
  return (mode & kTypeMask) == kRegular;
}

Result<void> write_plain(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) {
    return fail(
        ErrorKind::infrastructure,
        fmt::format("cannot write {}; check the space in the temporary folder", path.string()));
  }
  return {};
}

// The entry that one section leaves behind; nothing when git is needed.
Result<std::optional<TreeEntry>> apply_section(Repository& repository, const EntryMap& entries,
                                               const ScanFile& file) {
  std::optional<TreeEntry> git_needed;
  const auto old = entries.find(file.path());
  std::string content;
  std::uint32_t mode = file.new_mode;
  if (file.created) {
    if (old != entries.end() || !(mode == 0100644 || mode == 0100755) || file.hunks.size() > 1) {
      return git_needed;
    }
  } else {
    const bool plain_mode = file.new_mode == 0 && (file.old_mode == 0 || is_regular(file.old_mode));
    if (old == entries.end() || !is_regular(old->second.mode) || !plain_mode) {
      return git_needed;
    }
    mode = old->second.mode;
    PM_TRY_ASSIGN(Object blob, repository.read(old->second.id));
    content = std::move(blob.data);
  }
  if (file.hunks.empty() && !file.created && !(file.deleted && content.empty())) {
    return git_needed;
  }
  const auto applied = apply_where_stated(content, file);
  if (!applied || (file.deleted && !applied->empty())) {
    return git_needed;
  }
  if (file.deleted) {
    return TreeEntry{0, {}, file.path()};
  }
  PM_TRY_ASSIGN(ObjectId id, repository.write_blob(*applied));
  return TreeEntry{mode, std::move(id), file.path()};
}

// Whether a new file would stand inside a file or in place of a folder.
bool clashes(const EntryMap& entries, const std::string& path) {
  for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    if (entries.contains(std::string_view(path).substr(0, slash))) {
      return true;
    }
  }
  const auto below = entries.lower_bound(path + "/");
  return below != entries.end() && below->first.starts_with(path + "/");
}

}  // namespace

std::optional<std::vector<TreeEntry>> changes_between(const EntryMap& before,
                                                      const std::vector<IndexEntry>& after) {
  std::vector<TreeEntry> changes;
  std::set<std::string_view> present;
  for (const IndexEntry& entry : after) {
    if (entry.stage != 0) {
      return std::nullopt;
    }
    present.insert(entry.path);
    const auto old = before.find(entry.path);
    if (old == before.end() || old->second.mode != entry.mode || old->second.id != entry.id) {
      changes.push_back({entry.mode, entry.id, entry.path});
    }
  }
  for (const auto& [path, entry] : before) {
    if (!present.contains(path)) {
      changes.push_back({0, {}, path});
    }
  }
  return changes;
}

Result<StepOutcome> git_apply(Repository& repository, const std::filesystem::path& scratch,
                              const EntryMap& entries, std::string_view diff, ApplyMode mode) {
  const std::filesystem::path index = scratch / "index";
  std::vector<TreeEntry> list;
  list.reserve(entries.size());
  for (const auto& [path, entry] : entries) {
    list.push_back(entry);
  }
  PM_TRY(write_plain(index, write_index(std::move(list), repository.id_bytes())));

  std::vector<std::string> args = {"apply", "--cached"};
  if (mode == ApplyMode::three_way) {
    args.emplace_back("--3way");
  } else if (mode == ApplyMode::reverse_check) {
    args.insert(args.end(), {"--reverse", "--check"});
  }
  args.emplace_back("-");
  PM_TRY_ASSIGN(const Completed done,
                repository.git_with_env(std::move(args), {{"GIT_INDEX_FILE", index.string()}},
                                        std::string(diff), std::chrono::minutes(1)));
  StepOutcome outcome;
  outcome.output = done.err;
  if (done.timed_out || done.signal != 0) {
    if (done.timed_out) {
      outcome.output = "git apply did not end within a minute\n" + outcome.output;
      return outcome;  // the patch made it so; every other patch is applied in milliseconds
    }
    return fail(ErrorKind::infrastructure,
                fmt::format("git apply was killed by signal {}", done.signal));
  }
  if (!done.ok()) {
    return outcome;
  }
  if (mode == ApplyMode::reverse_check) {
    outcome.applied = true;
    return outcome;
  }
  PM_TRY_ASSIGN(const std::string bytes, read_file(index));
  const auto after = read_index(bytes, repository.id_bytes());
  if (!after) {
    return fail(ErrorKind::infrastructure, "git apply left an index that cannot be read");
  }
  if (auto changes = changes_between(entries, *after)) {
    outcome.applied = true;
    outcome.changes = std::move(*changes);
  }
  return outcome;
}

Result<std::optional<StepOutcome>> apply_directly(Repository& repository, const EntryMap& entries,
                                                  const PatchScan& scan) {
  if (!scan.plain || scan.files.empty()) {
    return std::optional<StepOutcome>();
  }
  StepOutcome outcome;
  std::set<std::string_view> seen;
  for (const ScanFile& file : scan.files) {
    const bool simple = file.git_header && !file.renamed && !file.copied && !file.binary &&
                        !(file.created && file.deleted) && !file.path().empty() &&
                        seen.insert(file.path()).second &&
                        (file.created || file.deleted || file.old_path == file.new_path) &&
                        !clashes(entries, file.path());
    if (!simple) {
      return std::optional<StepOutcome>();
    }
  }
  for (const ScanFile& file : scan.files) {
    PM_TRY_ASSIGN(auto entry, apply_section(repository, entries, file));
    if (!entry) {
      return std::optional<StepOutcome>();
    }
    outcome.changes.push_back(std::move(*entry));
  }
  // New files of one patch may clash with each other; git sees that in its index.
  for (const ScanFile& file : scan.files) {
    for (auto slash = file.path().find('/'); slash != std::string::npos;
         slash = file.path().find('/', slash + 1)) {
      if (seen.contains(std::string_view(file.path()).substr(0, slash))) {
        return std::optional<StepOutcome>();
      }
    }
  }
  outcome.applied = true;
  return std::optional<StepOutcome>(std::move(outcome));
}

}  // namespace patchmill::git
