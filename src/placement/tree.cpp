#include "placement/tree.hpp"

#include "git/lenders.hpp"
#include "git/mirror_source.hpp"
#include "placement/index_builder.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::placement {

Result<void> check_tree_name(std::string_view name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
  if (name.empty() || name.size() > 100 || name.starts_with('.') || name.starts_with('-') ||
      !plain || name.ends_with(".git") || name.ends_with(".index")) {
    return fail(ErrorKind::invalid,
                fmt::format("tree name \"{}\": use letters, digits, '-', '_' and '.', "
                            "beginning with a letter or digit",
                            escape_terminal(name)));
  }
  return {};
}

Tree::Tree(TreeSpec spec, std::filesystem::path trees_dir)
    : m_spec(std::move(spec)), m_dir(std::move(trees_dir)) {}

Result<void> Tree::refresh(std::vector<std::filesystem::path> others) {
  PM_TRY(check_tree_name(m_spec.name));
  auto fetched = fetch(std::move(others));
  if (fetched) {
    m_fetch_error.clear();
    return {};
  }
  const std::string named = fmt::format("tree {}: ", m_spec.name);
  const std::string& message = fetched.error().message;
  m_fetch_error = message.starts_with(named) ? message.substr(named.size()) : message;
  return fail(fetched.error().kind, named + m_fetch_error);
}

Result<void> Tree::fetch(std::vector<std::filesystem::path> others) {
  git::MirrorSpec mirror{
      .name = m_spec.name, .url = m_spec.url, .branches = {}, .alternates = std::move(others)};
  if (!m_spec.branch.empty()) {
    mirror.branches.push_back(m_spec.branch);
  }
  PM_TRY(git::fetch_mirror(m_dir, mirror));
  PM_TRY_ASSIGN(const auto repository, git::Repository::open(mirror_dir()));
  std::string ref = m_spec.branch.empty() ? "HEAD" : m_spec.branch;
  if (!m_spec.branch.empty() && !ref.starts_with("refs/")) {
    ref = "refs/heads/" + ref;
  }
  auto tip = repository->resolve(ref);
  if (!tip) {
    const std::string url = git::without_credentials(m_spec.url, m_spec.url);
    return fail_with(
        m_spec.branch.empty()
            ? fmt::format(
                  "{} has no commit at its HEAD; make one, or name the `branch` of the tree", url)
            : fmt::format("{} has no branch \"{}\"; correct `branch` of the tree", url,
                          escape_terminal(m_spec.branch)),
        tip.error());
  }
  PM_TRY(update_index(index_dir(), mirror_dir(), *tip));
  PM_TRY(load_index());
  return open_repository();
}

// Our trouble, whatever the series: it can be used once the tree can be fetched.
tl::unexpected<Error> Tree::not_fetched() const {
  return fail(ErrorKind::infrastructure,
              fmt::format("tree {} was not fetched yet{}{}", m_spec.name,
                          m_fetch_error.empty() ? "" : ": ", m_fetch_error));
}

Result<void> Tree::load_index() {
  std::error_code error;
  const auto time = std::filesystem::last_write_time(index_dir() / "manifest", error);
  if (error) {
    return not_fetched();
  }
  if (!m_index || time != m_index_time) {
    PM_TRY_ASSIGN(m_index, BlobIndex::open(index_dir()));
    m_index_time = time;
  }
  return {};
}

Result<void> Tree::open_repository() {
  if (m_repository) {
    return {};
  }
  if (!std::filesystem::exists(mirror_dir())) {
    return not_fetched();
  }
  if (std::filesystem::exists(work_dir())) {
    PM_TRY_ASSIGN(m_repository, git::Repository::open(work_dir()));
  } else {
    const std::filesystem::path alternates[] = {std::filesystem::absolute(mirror_dir())};
    PM_TRY_ASSIGN(m_repository, git::Repository::create(work_dir(), alternates));
  }
  PM_TRY_ASSIGN(const auto mirror, git::Repository::open(mirror_dir()));
  return m_repository->take_shallow_from(*mirror);
}

Result<git::Repository*> Tree::repository() {
  PM_TRY(check_tree_name(m_spec.name));
  PM_TRY(open_repository());
  PM_TRY(check_objects());
  return m_repository.get();
}

// Without the newest commit nothing applies; that is not the series' fault.
Result<void> Tree::check_objects() {
  if (!m_index || m_index->size() == 0) {
    return {};
  }
  const git::ObjectId tip = m_index->commit(m_index->size() - 1);
  bool there = false;
  if (git::find_lost_lender(work_dir())) {
    // Our git may hold files open that others no longer find.
    PM_TRY_ASSIGN(const auto afresh, git::Repository::open(work_dir()));
    PM_TRY_ASSIGN(there, afresh->exists(tip));
  } else {
    PM_TRY_ASSIGN(there, m_repository->exists(tip));
  }
  if (there) {
    return {};
  }
  const std::string why = git::about_lost_objects(work_dir());
  return fail(ErrorKind::infrastructure,
              fmt::format("tree {}: its newest commit {} is lost{}{}", m_spec.name,
                          tip.substr(0, 12), why.empty() ? "" : ": ", why));
}

Result<TreeView> Tree::view(std::optional<Timestamp> as_of) {
  PM_TRY(check_tree_name(m_spec.name));
  PM_TRY(load_index());
  TreeView view{.index = &*m_index, .until = m_index->size()};
  if (as_of) {
    const auto newest = m_index->at(*as_of);
    view.until = newest ? *newest + 1 : 0;
  }
  return view;
}

void Tree::load_maintainers() {
  if (!m_index || m_index->size() == 0 || !open_repository()) {
    return;
  }
  const git::ObjectId tip = m_index->commit(m_index->size() - 1);
  if (tip == m_maintainers_tip) {
    return;
  }
  m_maintainers_tip = tip;
  m_maintainers.reset();
  if (const auto file = m_repository->read(tip + ":MAINTAINERS"); file && file->type == "blob") {
    m_maintainers = std::make_unique<Maintainers>(file->data);
  }
}

std::optional<std::string> Tree::maintainers_section(const std::string& path) {
  load_maintainers();
  if (!m_maintainers) {
    return std::nullopt;
  }
  for (const auto* section : m_maintainers->claims(path)) {
    for (const auto& tree : section->trees) {
      const bool branch_fits =
          tree.branch.empty() || m_spec.branch.empty() || tree.branch == m_spec.branch;
      if (branch_fits && same_repository(tree.url, m_spec.url)) {
        return section->title;
      }
    }
  }
  return std::nullopt;
}

bool Tree::contains(const TreeView& view, std::string_view commit) {
  if (view.until == 0 || !git::is_object_id(commit)) {
    return false;
  }
  if (const auto ordinal = view.index->find(commit)) {
    return *ordinal < view.until;
  }
  if (!open_repository() || !m_repository->exists(commit).value_or(false)) {
    return false;
  }
  const auto done = m_repository->git(
      {"merge-base", "--is-ancestor", std::string(commit), view.index->commit(view.tip())});
  return done && done->ok();
}

}  // namespace patchmill::placement
