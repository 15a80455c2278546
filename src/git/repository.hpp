#pragma once
// A bare repository read and written through git's plumbing; no checkout, no libgit2.
//
// git runs with hooks, prompts, global and system configuration switched off.

#include "git/object_id.hpp"
#include "util/clock.hpp"
#include "util/result.hpp"
#include "util/subprocess.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::git {

struct Object {
  ObjectId id;
  std::string type;  // blob, tree, commit, tag
  std::string data;
};

struct TreeEntry {
  std::uint32_t mode = 0;  // 0100644, 0100755, 0120000, 040000, 0160000
  ObjectId id;
  std::string path;  // full path within the tree
};

struct Signature {
  std::string name, email;
  std::int64_t seconds = 0;  // since the epoch
  int offset_minutes = 0;    // east of UTC
};

struct CommitInfo {
  ObjectId id, tree;
  std::vector<ObjectId> parents;
  Signature author, committer;
  std::string subject, body;  // body without the subject
};

// How objects are named in a new repository; of_alternates: as there, else by SHA-1.
enum class HashKind { of_alternates, sha1, sha256 };

class Repository {
 public:
  // `path`: a bare repository, or the .git (or top folder) of a checkout.
  static Result<std::unique_ptr<Repository>> open(std::filesystem::path path);
  // A new bare repository that borrows the objects of `alternates`.
  static Result<std::unique_ptr<Repository>> create(
      std::filesystem::path git_dir, std::span<const std::filesystem::path> alternates,
      HashKind hash = HashKind::of_alternates);
  ~Repository();

  // Takes over where the history of `lender`, whose objects are borrowed, was cut off (a shallow
  // clone, gitformat-pack(5) "shallow"), so that git does not miss the parents beyond.
  Result<void> take_shallow_from(const Repository& lender);
  // Whether the history is cut off.
  [[nodiscard]] bool is_shallow() const;

  [[nodiscard]] const std::filesystem::path& git_dir() const;
  // Bytes of an object name: 20 (SHA-1) or 32 (SHA-256).
  [[nodiscard]] std::size_t id_bytes() const;

  // Reading. Thread-safe (one cat-file child behind a lock). not_found when the name is unknown.
  Result<ObjectId> resolve(std::string_view revision);  // to a commit; options are refused
  Result<Object> read(std::string_view name);           // any object name, "COMMIT:path" included
  Result<bool> exists(std::string_view id);
  // Bytes of a tree object, from a bounded cache; `treeish` is peeled.
  Result<std::shared_ptr<const std::string>> tree_data(std::string_view treeish);
  // Full name of the one blob an abbreviation stands for; not_found when none or several.
  Result<ObjectId> find_blob(std::string_view abbreviated_id);
  Result<CommitInfo> commit(std::string_view id);
  // The entry of each path that exists in `treeish`, folders included (missing ones are left out).
  Result<std::vector<TreeEntry>> entries(std::string_view treeish,
                                         std::span<const std::string> paths);

  // Writing objects; no refs are touched.
  Result<ObjectId> write_blob(std::string_view content);
  // `changes`: new entries; mode 0 removes the path. Empty folders vanish. Gives the tree's id.
  // Errors: invalid for paths that path_rules.hpp refuses and for a file where a folder must be.
  Result<ObjectId> update_tree(std::string_view treeish, std::span<const TreeEntry> changes);
  Result<ObjectId> write_commit(std::string_view tree, std::span<const ObjectId> parents,
                                const Signature& author, const Signature& committer,
                                std::string_view message);
  Result<void> update_ref(std::string_view ref, std::string_view id);

  // Any git command in this repository, with our environment. Arguments are used as they are:
  // callers put "--end-of-options" or "--" before anything that came from outside.
  Result<Completed> git(std::vector<std::string> args, std::string input = {},
                        std::chrono::milliseconds timeout = std::chrono::minutes(10));
  // As git(), with extra environment (GIT_INDEX_FILE and the like).
  Result<Completed> git_with_env(std::vector<std::string> args,
                                 std::map<std::string, std::string> env, std::string input = {},
                                 std::chrono::milliseconds timeout = std::chrono::minutes(10));

  struct Impl;  // repository_impl.hpp

 private:
  explicit Repository(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> m_impl;
};

// The environment every git child gets: no hooks, prompts or foreign configuration.
std::map<std::string, std::string> git_environment();

}  // namespace patchmill::git
