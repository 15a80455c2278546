#pragma once
// One configured tree on disk: its mirror, the repository we write to, its blob index.

#include "git/mirror.hpp"
#include "git/repository.hpp"
#include "placement/blob_index.hpp"
#include "placement/maintainers.hpp"
#include "placement/placement.hpp"
#include "store/database.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::placement {

// A tree as of a day: commits from `until` on did not exist yet.
struct TreeView {
  const BlobIndex* index = nullptr;
  Ordinal until = 0;
  [[nodiscard]] Ordinal tip() const { return until - 1; }
};

class Tree {
 public:
  // `trees_dir`: the folder that holds every mirror, work repository and index.
  Tree(TreeSpec spec, std::filesystem::path trees_dir);

  [[nodiscard]] const TreeSpec& spec() const { return m_spec; }
  // Fetches the mirror, borrowing objects from `others` (mirrors of other trees), and brings the
  // index up to date. Errors begin with "tree NAME: " and leave what was there in use.
  Result<void> refresh(std::vector<std::filesystem::path> others = {});
  [[nodiscard]] std::filesystem::path mirror_dir() const {
    return git::mirror_path(m_dir, m_spec.name);
  }
  // The repository with the mirror's objects, into which series are applied. Error infrastructure
  // before the first refresh, and when the objects are borrowed from a path that is gone or lost
  // them.
  Result<git::Repository*> repository();
  // Empty (until = 0) when no commit is as old as that. Valid until the next call or refresh.
  Result<TreeView> view(std::optional<Timestamp> as_of);
  // The section of the tip's MAINTAINERS file that sends this path to this very tree; call view()
  // first.
  std::optional<std::string> maintainers_section(const std::string& path);
  // True when the commit is on the line or was merged into it, at or before `view`.
  bool contains(const TreeView& view, std::string_view commit);

 private:
  Result<void> fetch(std::vector<std::filesystem::path> others);
  [[nodiscard]] tl::unexpected<Error> not_fetched() const;
  Result<void> load_index();
  Result<void> open_repository();
  Result<void> check_objects();
  void load_maintainers();

  TreeSpec m_spec;
  std::filesystem::path m_dir;
  std::unique_ptr<git::Repository> m_repository;
  std::optional<BlobIndex> m_index;
  std::filesystem::file_time_type m_index_time{};
  std::string m_fetch_error;      // why the last refresh() failed; empty: it did not
  std::string m_maintainers_tip;  // the commit m_maintainers was read from
  std::unique_ptr<Maintainers> m_maintainers;

  [[nodiscard]] std::filesystem::path index_dir() const { return m_dir / (m_spec.name + ".index"); }
  [[nodiscard]] std::filesystem::path work_dir() const {
    return m_dir / (m_spec.name + ".work.git");
  }
};

// Errors: invalid when the name could not be a folder of its own.
Result<void> check_tree_name(std::string_view name);

}  // namespace patchmill::placement
