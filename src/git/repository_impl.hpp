#pragma once
// What a Repository holds; seen by the files that implement it and by nobody else.

#include "git/batch_reader.hpp"
#include "git/raw_tree.hpp"
#include "git/repository.hpp"

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace patchmill::git {

// Trees by id, forgotten all at once when they fill `max_bytes`.
class TreeCache {
 public:
  using Data = std::shared_ptr<const std::string>;
  Data find(std::string_view id);
  Data put(const ObjectId& id, std::string data);

 private:
  static constexpr std::size_t max_bytes = 64u << 20;
  std::mutex m_mutex;
  std::unordered_map<ObjectId, Data> m_trees;
  std::size_t m_bytes = 0;
};

struct Repository::Impl {
  Impl(std::filesystem::path dir, std::filesystem::path objects, std::size_t bytes);

  Result<TreeCache::Data> tree(std::string_view treeish);
  Result<ObjectId> write(std::string_view type, std::string_view content) const;

  std::filesystem::path git_dir;
  std::filesystem::path objects_dir;
  std::size_t id_bytes;
  std::map<std::string, std::string> env;
  BatchReader reader;
  TreeCache trees;
};

}  // namespace patchmill::git
