#include "placement/upstream.hpp"

#include "mail/address.hpp"
#include "mail/subject.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

namespace patchmill::placement {

namespace {

constexpr std::size_t k_max_commits = 300;      // looked at for one patch
constexpr std::size_t k_max_merges = 20;        // looked into for one patch
constexpr std::size_t k_max_patch_ids = 64;     // computed for one patch
constexpr std::size_t k_max_patch_paths = 500;  // of one patch

struct Known {
  std::vector<std::string> parents;
  std::string author_name, author_email, subject;
  Timestamp committed{};
};

bool same_author(const Known& commit, const git::Signature& author) {
  return mail::same_email(commit.author_email, author.email) ||
         (!author.name.empty() && iequals(commit.author_name, author.name));
}

std::string title_of(const git::PatchInput& patch) {
  return mail::normalize_title(std::string_view(patch.message).substr(0, patch.message.find('\n')));
}

class Finder {
 public:
  Finder(git::Repository& repository, const TreeView& view, Ordinal first)
      : m_repository(repository), m_view(view), m_first(first) {}

  Result<std::optional<UpstreamCommit>> find(const git::PatchInput& patch,
                                             const std::vector<std::string>& paths,
                                             const std::string& patch_id) {
    PM_TRY_ASSIGN(const auto commits, candidates(paths));
    const std::string title = title_of(patch);
    std::vector<git::ObjectId> by_subject;
    std::vector<git::ObjectId> others;
    for (const auto& id : commits) {
      const Known& known = m_known.at(id);
      (mail::normalize_title(known.subject) == title ? by_subject : others).push_back(id);
    }
    // Those with the right subject first: nearly always the answer is among them.
    std::vector<git::ObjectId> ordered = by_subject;
    ordered.insert(ordered.end(), others.begin(), others.end());
    ordered.resize(std::min(ordered.size(), k_max_patch_ids));
    if (!patch_id.empty()) {
      for (const auto* group : {&by_subject, &ordered}) {
        PM_TRY(compute_patch_ids(*group));
        for (const auto& id : *group) {
          if (m_patch_ids[id] == patch_id) {
            return found(id, UpstreamMatch::patch_id);
          }
        }
      }
    }
    for (const auto& id : by_subject) {
      if (same_author(m_known.at(id), patch.author)) {
        return found(id, UpstreamMatch::subject_author_files);
      }
    }
    return std::nullopt;
  }

 private:
  UpstreamCommit found(const git::ObjectId& id, UpstreamMatch how) const {
    const Known& known = m_known.at(id);
    return {id, known.subject, how, known.committed};
  }

  // Commits that touch at least half of the files (maintainers drop some), newest first.
  Result<std::vector<git::ObjectId>> candidates(const std::vector<std::string>& paths) {
    std::map<Ordinal, std::size_t> touched;
    const std::set<std::string> unique(paths.begin(), paths.end());
    if (unique.empty() || unique.size() > k_max_patch_paths) {
      return std::vector<git::ObjectId>{};
    }
    for (const auto& path : unique) {
      for (const auto& event : m_view.index->history(path)) {
        if (event.ordinal >= m_first && event.ordinal < m_view.until) {
          ++touched[event.ordinal];
        }
      }
    }
    std::vector<git::ObjectId> line;
    for (auto entry = touched.rbegin(); entry != touched.rend() && line.size() < k_max_commits;
         ++entry) {
      if (2 * entry->second >= unique.size()) {
        line.push_back(m_view.index->commit(entry->first));
      }
    }
    PM_TRY(learn(line));
    std::vector<git::ObjectId> result;
    std::size_t merges = 0;
    for (const auto& id : line) {
      const auto parents = m_known.at(id).parents;
      if (parents.size() < 2) {
        result.push_back(id);
      } else if (merges++ < k_max_merges) {
        PM_TRY_ASSIGN(auto merged, merged_by(id, parents.front(), unique));
        result.insert(result.end(), merged.begin(), merged.end());
      }
    }
    return result;
  }

  Result<std::vector<git::ObjectId>> merged_by(const git::ObjectId& merge,
                                               const git::ObjectId& parent,
                                               const std::set<std::string>& paths) {
    std::vector<std::string> args{
        "--literal-pathspecs", "rev-list", "--no-merges", "--max-count=200", merge,
        "^" + parent,          "--"};
    args.insert(args.end(), paths.begin(), paths.end());
    PM_TRY_ASSIGN(const Completed done, m_repository.git(std::move(args)));
    if (!done.ok()) {
      return fail(ErrorKind::infrastructure,
                  "git rev-list: " + escape_terminal(joined_lines(done.err)));
    }
    std::vector<git::ObjectId> ids;
    for (const auto line : split_lines(done.out)) {
      ids.emplace_back(line);
    }
    PM_TRY(learn(ids));
    return ids;
  }

  Result<void> learn(const std::vector<git::ObjectId>& ids) {
    std::string input;
    for (const auto& id : ids) {
      if (!m_known.contains(id)) {
        input += id + '\n';
      }
    }
    if (input.empty()) {
      return {};
    }
    PM_TRY_ASSIGN(
        const Completed done,
        m_repository.git({"log", "--no-walk=unsorted", "--stdin", "-z", "--no-notes",
                          "--no-show-signature", "--format=%H%x01%P%x01%an%x01%ae%x01%s%x01%ct"},
                         input));
    if (!done.ok()) {
      return fail(ErrorKind::infrastructure, "git log: " + escape_terminal(joined_lines(done.err)));
    }
    for (const auto record : split(done.out, '\0')) {
      const auto fields = split(record, '\x01');
      if (fields.size() < 6) {
        continue;
      }
      Known known;
      for (const auto parent : split(fields[1], ' ')) {
        if (!parent.empty()) {
          known.parents.emplace_back(parent);
        }
      }
      known.author_name = fields[2];
      known.author_email = fields[3];
      known.subject = fields[4];
      known.committed = Timestamp(
          std::chrono::seconds(static_cast<std::int64_t>(parse_uint(fields[5]).value_or(0))));
      m_known.insert_or_assign(std::string(fields[0]), std::move(known));
    }
    for (const auto& id : ids) {
      m_known.try_emplace(id);
    }
    return {};
  }

  Result<void> compute_patch_ids(const std::vector<git::ObjectId>& ids) {
    std::string input;
    for (const auto& id : ids) {
      if (!m_patch_ids.contains(id)) {
        input += id + '\n';
        m_patch_ids[id];
      }
    }
    if (input.empty()) {
      return {};
    }
    PM_TRY_ASSIGN(const Completed diffs,
                  m_repository.git({"diff-tree", "--stdin", "-p", "-M", "--root", "--no-ext-diff",
                                    "--no-textconv", "--full-index"},
                                   input));
    if (!diffs.ok()) {
      return fail(ErrorKind::infrastructure,
                  "git diff-tree: " + escape_terminal(joined_lines(diffs.err)));
    }
    PM_TRY_ASSIGN(const Completed done, m_repository.git({"patch-id", "--stable"}, diffs.out));
    for (const auto line : split_lines(done.out)) {
      const auto words = split(line, ' ');
      if (words.size() == 2) {
        m_patch_ids.insert_or_assign(std::string(words[1]), std::string(words[0]));
      }
    }
    return {};
  }

  git::Repository& m_repository;
  TreeView m_view;
  Ordinal m_first;
  std::unordered_map<std::string, Known> m_known;
  std::unordered_map<std::string, std::string> m_patch_ids;
};

}  // namespace

Result<std::vector<std::optional<UpstreamCommit>>> find_upstream(
    git::Repository& repository, const TreeView& view, const SeriesPatches& patches,
    std::optional<Timestamp> not_before) {
  const auto newest_older =
      not_before && view.until > 0 ? view.index->at(*not_before) : std::nullopt;
  return find_upstream(repository, view, patches, newest_older ? *newest_older + 1 : Ordinal{0});
}

Result<std::vector<std::optional<UpstreamCommit>>> find_upstream(git::Repository& repository,
                                                                 const TreeView& view,
                                                                 const SeriesPatches& patches,
                                                                 Ordinal first) {
  std::vector<std::optional<UpstreamCommit>> result(patches.inputs.size());
  if (view.until == 0) {
    return result;
  }
  std::vector<std::string> diffs;
  for (const auto& input : patches.inputs) {
    diffs.push_back(input.diff);
  }
  PM_TRY_ASSIGN(const auto ids, git::patch_ids(repository, diffs));
  Finder finder(repository, view, first);
  for (std::size_t i = 0; i < result.size() && i < patches.paths.size(); ++i) {
    PM_TRY_ASSIGN(result[i], finder.find(patches.inputs[i], patches.paths[i],
                                         i < ids.size() ? ids[i] : std::string()));
  }
  return result;
}

}  // namespace patchmill::placement
