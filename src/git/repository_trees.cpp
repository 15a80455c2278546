// Repository: looking paths up in trees and splicing changes into them.
#include "git/path_rules.hpp"
#include "git/repository_impl.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace patchmill::git {

namespace {

constexpr std::size_t kMaxTree = 256u << 20;

std::string_view first_component(std::string_view path) {
  return path.substr(0, path.find('/'));
}

}  // namespace

Result<TreeCache::Data> Repository::Impl::tree(std::string_view treeish) {
  if (is_object_id(treeish)) {
    if (auto known = trees.find(treeish)) {
      return known;
    }
  }
  std::string data;
  PM_TRY_ASSIGN(const ObjectHeader header,
                reader.contents(fmt::format("{}^{{tree}}", treeish), data, kMaxTree));
  return trees.put(header.id, std::move(data));
}

Result<std::shared_ptr<const std::string>> Repository::tree_data(std::string_view treeish) {
  return m_impl->tree(treeish);
}

Result<std::vector<TreeEntry>> Repository::entries(std::string_view treeish,
                                                   std::span<const std::string> paths) {
  std::vector<TreeEntry> found;
  PM_TRY_ASSIGN(const TreeCache::Data root, m_impl->tree(treeish));
  for (const std::string& path : paths) {
    TreeCache::Data folder = root;
    std::string_view rest = path;
    while (folder) {
      const std::string_view name = first_component(rest);
      const auto entry = find_in_tree(*folder, m_impl->id_bytes, name);
      if (!entry) {
        break;
      }
      if (name.size() == rest.size()) {
        found.push_back({entry->mode, entry->id, path});
        break;
      }
      if (entry->mode != kModeTree) {
        break;
      }
      PM_TRY_ASSIGN(folder, m_impl->tree(entry->id));
      rest.remove_prefix(name.size() + 1);
    }
  }
  return found;
}

namespace {

struct Change {
  std::string_view rest;  // what is left of the path within the folder at hand
  const TreeEntry* entry = nullptr;
};

// Splices changes into one folder and those below it; path_problem() bounds how deep they are.
class Splicer {
 public:
  explicit Splicer(Repository::Impl& impl) : m_impl(impl) {}

  // `old`: the folder before; none for a new one. Gives no id when nothing is left in it.
  Result<std::optional<ObjectId>> splice(const std::optional<ObjectId>& old,
                                         std::span<const Change> changes);

 private:
  Result<void> splice_below(std::vector<RawEntry>& entries, std::string_view name,
                            std::span<const Change> inner);

  Repository::Impl& m_impl;
};

void remove_entry(std::vector<RawEntry>& entries, std::string_view name) {
  std::erase_if(entries, [name](const RawEntry& e) { return e.name == name; });
}

Result<std::optional<ObjectId>> Splicer::splice(const std::optional<ObjectId>& old,
                                                std::span<const Change> changes) {
  std::vector<RawEntry> entries;
  if (old) {
    PM_TRY_ASSIGN(const TreeCache::Data data, m_impl.tree(*old));
    auto parsed = parse_tree(*data, m_impl.id_bytes);
    if (!parsed) {
      return fail(ErrorKind::infrastructure,
                  fmt::format("the tree {} in {} is damaged; run git fsck there", *old,
                              m_impl.git_dir.string()));
    }
    entries = std::move(*parsed);
  }
  std::map<std::string_view, std::vector<Change>> below;
  std::vector<Change> added;
  // Removals first: a file may give way to a folder of its name within one patch.
  for (const Change& change : changes) {
    const std::string_view name = first_component(change.rest);
    if (name.size() != change.rest.size()) {
      below[name].push_back({change.rest.substr(name.size() + 1), change.entry});
    } else if (change.entry->mode == 0) {
      remove_entry(entries, name);
    } else {
      added.push_back(change);
    }
  }
  for (const auto& [name, inner] : below) {
    PM_TRY(splice_below(entries, name, inner));
  }
  for (const Change& change : added) {
    const auto same = std::ranges::find(entries, change.rest, &RawEntry::name);
    if (same != entries.end() && same->mode == kModeTree && change.entry->mode != kModeTree) {
      return fail(ErrorKind::invalid, fmt::format("{} is a folder and cannot become a file",
                                                  escape_terminal(change.entry->path)));
    }
    remove_entry(entries, change.rest);
    entries.push_back({change.entry->mode, std::string(change.rest), change.entry->id});
  }
  if (entries.empty()) {
    return std::optional<ObjectId>();
  }
  std::string data = serialize_tree(std::move(entries));
  PM_TRY_ASSIGN(ObjectId id, m_impl.write("tree", data));
  m_impl.trees.put(id, std::move(data));
  return std::optional<ObjectId>(std::move(id));
}

Result<void> Splicer::splice_below(std::vector<RawEntry>& entries, std::string_view name,
                                   std::span<const Change> inner) {
  const auto at = std::ranges::find(entries, name, &RawEntry::name);
  std::optional<ObjectId> folder;
  if (at != entries.end()) {
    if (at->mode == kModeTree) {
      folder = at->id;
    } else if (std::ranges::any_of(inner, [](const Change& c) { return c.entry->mode != 0; })) {
      return fail(ErrorKind::invalid,
                  fmt::format("{} is a file and cannot hold {}", escape_terminal(name),
                              escape_terminal(inner.front().entry->path)));
    } else {
      return {};  // what shall be removed is not there
    }
  }
  PM_TRY_ASSIGN(const std::optional<ObjectId> id, splice(folder, inner));
  remove_entry(entries, name);
  if (id) {
    entries.push_back({kModeTree, std::string(name), *id});
  }
  return {};
}

}  // namespace

Result<ObjectId> Repository::update_tree(std::string_view treeish,
                                         std::span<const TreeEntry> changes) {
  std::vector<Change> list;
  list.reserve(changes.size());
  for (const TreeEntry& entry : changes) {
    if (const std::string problem = path_problem(entry.path); !problem.empty()) {
      return fail(ErrorKind::invalid,
                  fmt::format("cannot write {}: {}", escape_terminal(entry.path), problem));
    }
    if (entry.mode != 0 && (!is_object_id(entry.id) || entry.id.size() != 2 * id_bytes())) {
      return fail(ErrorKind::invalid,
                  fmt::format("cannot write {}: \"{}\" is no object name",
                              escape_terminal(entry.path), escape_terminal(entry.id)));
    }
    list.push_back({entry.path, &entry});
  }
  ObjectId root(treeish);
  if (!m_impl->trees.find(root)) {
    PM_TRY_ASSIGN(ObjectHeader header, m_impl->reader.info(fmt::format("{}^{{tree}}", treeish)));
    root = std::move(header.id);
  }
  PM_TRY_ASSIGN(const std::optional<ObjectId> id, Splicer(*m_impl).splice(root, list));
  return id ? Result<ObjectId>(*id) : m_impl->write("tree", "");
}

}  // namespace patchmill::git
