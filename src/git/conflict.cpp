#include "git/conflict.hpp"

#include "git/history.hpp"
#include "git/hunk_image.hpp"
#include "git/path_rules.hpp"
#include "git/raw_tree.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace patchmill::git {

namespace {

constexpr int kMaxCommits = 200;
constexpr std::chrono::milliseconds kMaxSearch{2000};
constexpr std::size_t kMaxSearchedBlob = 8u << 20;
constexpr std::size_t kExcerptLines = 40;
constexpr std::size_t kExcerptBytes = 8u << 10;

std::string shown_path(std::string_view path) {
  return escape_terminal(ellipsize(path, 300));
}

Conflict refuse(const std::string& file, std::string reason) {
  Conflict conflict;
  conflict.file = mend_utf8(file);
  conflict.reason = std::move(reason);
  return conflict;
}

std::string excerpt_of(std::string_view hunk) {
  std::string text;
  std::size_t lines = 0;
  for (std::string_view line : split_lines(hunk)) {
    if (++lines > kExcerptLines || text.size() > kExcerptBytes) {
      break;
    }
    text += ellipsize(mend_utf8(line), 400);
    text += '\n';
  }
  return text;
}

class Explainer {
 public:
  Explainer(Repository& repository, const FailedPatch& failed)
      : m_repository(repository),
        m_failed(failed),
        m_deadline(std::chrono::steady_clock::now() + kMaxSearch) {}

  Result<Conflict> run(bool search) {
    locate();
    m_conflict.git_output = m_failed.git_output;
    if (m_file == nullptr) {
      m_conflict.reason = general_reason();
      return std::move(m_conflict);
    }
    m_conflict.file = mend_utf8(m_file->old_path.empty() ? m_file->new_path : m_file->old_path);
    const TreeEntry* before = entry(m_file->old_path);
    if (!m_file->created && before == nullptr) {
      PM_TRY(explain_missing(search));
    } else if (m_file->created && entry(m_file->new_path) != nullptr) {
      PM_TRY(explain_existing(search));
    } else if (m_hunk != nullptr && before != nullptr) {
      PM_TRY(explain_hunk(*before, search));
    } else {
      m_conflict.reason = general_reason();
    }
    return std::move(m_conflict);
  }

 private:
  [[nodiscard]] const TreeEntry* entry(const std::string& path) const {
    const auto at = m_failed.entries->find(path);
    return at == m_failed.entries->end() ? nullptr : &at->second;
  }

  [[nodiscard]] std::chrono::milliseconds time_left() const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        m_deadline - std::chrono::steady_clock::now());
    return std::max(left, std::chrono::milliseconds(1));
  }

  // git names the file and the old line of the first hunk that fails in it.
  void locate() {
    for (const ScanFile& file : m_failed.scan->files) {
      if (!file.old_path.empty() && !file.created && entry(file.old_path) == nullptr) {
        m_file = m_file == nullptr ? &file : m_file;
        continue;
      }
      for (std::size_t i = 0; i < file.hunks.size() && m_hunk == nullptr; ++i) {
        const std::string words =
            fmt::format("error: patch failed: {}:{}\n", file.path(), file.hunks[i].old_start);
        const std::string old_words =
            fmt::format("error: patch failed: {}:{}\n", file.old_path, file.hunks[i].old_start);
        if (says(words) || says(old_words)) {
          if (m_file == nullptr) {
            m_file = &file;
            set_hunk(i);
          }
        }
      }
      if (m_file == nullptr && says(fmt::format("error: {}: ", file.path()))) {
        m_file = &file;
      }
    }
  }

  [[nodiscard]] bool says(std::string_view words) const {
    return m_failed.git_output.find(words) != std::string_view::npos;
  }

  void set_hunk(std::size_t i) {
    m_hunk = &m_file->hunks[i];
    m_conflict.hunk = static_cast<int>(i + 1);
    m_conflict.line = static_cast<int>(std::min<std::size_t>(m_hunk->old_start, 1u << 30));
    m_conflict.excerpt = excerpt_of(m_hunk->text);
  }

  // git's first complaint, in a sentence.
  [[nodiscard]] std::string general_reason() const {
    const std::string_view words = m_failed.git_output;
    if (words.find("Out of memory, malloc failed") != std::string_view::npos) {
      return fmt::format("a file in it claims an impossible size: {}", shown_path(trim(words)));
    }
    for (std::string_view line : split_lines(words)) {
      if (!line.starts_with("error: ")) {
        continue;
      }
      line.remove_prefix(7);
      if (m_file != nullptr && line.starts_with(m_file->path() + ": ")) {
        line.remove_prefix(m_file->path().size() + 2);
      }
      if (line.starts_with("No valid patches")) {
        return "the mail contains no diff that git can read";
      }
      if (line.starts_with("corrupt patch")) {
        return fmt::format("the diff is damaged (wrapped or cut lines?): {}", shown_path(line));
      }
      if (line.find("beyond a symbolic link") != std::string_view::npos) {
        return fmt::format("the patch writes through a symbolic link: {}", shown_path(line));
      }
      if (line.find("without full index line") != std::string_view::npos) {
        const std::string cited = m_file == nullptr ? ": " + shown_path(line) : std::string();
        return "the binary file's content is not in the mail; send it with git format-patch "
               "--binary" +
               cited;
      }
      return fmt::format("git refuses the patch: {}", shown_path(line));
    }
    return words.empty() ? "git refuses the patch without giving a reason"
                         : fmt::format("git refuses the patch: {}", shown_path(trim(words)));
  }

  void blame(const FileChangeAt& change) {
    m_conflict.upstream_commit = change.commit;
    m_conflict.upstream_subject = change.subject;
  }

  static std::string cited(const FileChangeAt& change) {
    return fmt::format("{} (\"{}\")", change.commit.substr(0, 12), shown_path(change.subject));
  }

  Result<void> explain_missing(bool search) {
    const std::string& path = m_file->old_path;
    m_conflict.reason = "does not exist in the base";
    if (!search) {
      return {};
    }
    const std::vector<std::string> one{path};
    PM_TRY_ASSIGN(const auto in_base, m_repository.entries(m_failed.base, one));
    if (!in_base.empty()) {
      m_conflict.reason = "was removed by an earlier patch of the series";
      return {};
    }
    PM_TRY_ASSIGN(const auto history,
                  file_history(m_repository, m_failed.base, path, 1, time_left()));
    if (history.empty() || !history.front().after.empty()) {
      m_conflict.reason += "; no commit of its history had it";
      return {};
    }
    blame(history.front());
    PM_TRY_ASSIGN(const auto target,
                  renamed_to(m_repository, history.front().commit, path, time_left()));
    m_conflict.reason = target
                            ? fmt::format("was renamed to {} by commit {}", shown_path(*target),
                                          cited(history.front()))
                            : fmt::format("does not exist in the base; it was removed by commit {}",
                                          cited(history.front()));
    return {};
  }

  Result<void> explain_existing(bool search) {
    const std::string& path = m_file->new_path;
    m_conflict.reason = "shall be a new file, but it exists already";
    if (!search) {
      return {};
    }
    const std::vector<std::string> one{path};
    PM_TRY_ASSIGN(const auto in_base, m_repository.entries(m_failed.base, one));
    if (in_base.empty()) {
      m_conflict.reason = "shall be a new file, but an earlier patch of the series made it";
      return {};
    }
    PM_TRY_ASSIGN(const auto history,
                  file_history(m_repository, m_failed.base, path, kMaxCommits, time_left()));
    const auto added =
        std::ranges::find_if(history, [](const auto& h) { return h.before.empty(); });
    if (added != history.end()) {
      blame(*added);
      m_conflict.reason += fmt::format(" since commit {}", cited(*added));
    }
    return {};
  }

  Result<void> explain_hunk(const TreeEntry& now, bool search) {
    m_conflict.reason = "expects lines that are not there";
    if (!search) {
      return {};
    }
    const std::vector<std::string> one{m_file->old_path};
    PM_TRY_ASSIGN(const auto in_base, m_repository.entries(m_failed.base, one));
    if (in_base.empty() || in_base.front().id != now.id) {
      PM_TRY_ASSIGN(const bool fitted,
                    in_base.empty() ? Result<bool>(false) : fits(in_base.front().id));
      if (fitted) {
        m_conflict.reason = "expects lines that an earlier patch of the series changed";
        return {};
      }
    }
    return search_history();
  }

  Result<bool> fits(const ObjectId& blob) {
    PM_TRY_ASSIGN(const Object object, m_repository.read(blob));
    return object.data.size() <= kMaxSearchedBlob && hunk_fits(object.data, *m_hunk);
  }

  // The newest commit before which the hunk fitted.
  Result<void> search_history() {
    PM_TRY_ASSIGN(const auto history, file_history(m_repository, m_failed.base, m_file->old_path,
                                                   kMaxCommits, time_left()));
    for (const FileChangeAt& change : history) {
      if (std::chrono::steady_clock::now() > m_deadline || change.before.empty()) {
        break;
      }
      PM_TRY_ASSIGN(const bool fitted, fits(change.before));
      if (fitted) {
        blame(change);
        m_conflict.reason = fmt::format("expects lines that commit {} changed", cited(change));
        return {};
      }
    }
    m_conflict.reason +=
        history.size() == 1
            ? "; the file did not have them before its last change either"
            : fmt::format("; no version of the file in its last {} changes had them",
                          history.size());
    return {};
  }

  Repository& m_repository;
  const FailedPatch& m_failed;
  std::chrono::steady_clock::time_point m_deadline;
  const ScanFile* m_file = nullptr;
  const ScanHunk* m_hunk = nullptr;
  Conflict m_conflict;
};

}  // namespace

std::optional<Conflict> refusal(const PatchScan& scan, const EntryMap& entries,
                                std::string_view diff) {
  if (trim(diff).empty()) {
    return refuse({}, "the mail contains no diff");
  }
  for (const ScanFile& file : scan.files) {
    for (const std::string* path : {&file.old_path, &file.new_path}) {
      if (path->empty()) {
        continue;
      }
      if (const std::string problem = path_problem(*path); !problem.empty()) {
        return refuse(*path, "may not be patched: " + problem);
      }
      const auto at = entries.find(*path);
      if (file.old_mode == kModeSubmodule || file.new_mode == kModeSubmodule ||
          (at != entries.end() && at->second.mode == kModeSubmodule)) {
        return refuse(*path,
                      "is a submodule; patches may not change which commit of another repository "
                      "is used");
      }
    }
  }
  return std::nullopt;
}

std::optional<Conflict> refusal(const EntryMap& before, const std::vector<TreeEntry>& changes) {
  for (const TreeEntry& change : changes) {
    const auto old = before.find(change.path);
    const bool submodule = change.mode == kModeSubmodule ||
                           (old != before.end() && old->second.mode == kModeSubmodule);
    const std::string problem = submodule ? "it is a submodule" : path_problem(change.path);
    if (!problem.empty()) {
      return refuse(change.path, "may not be patched: " + problem);
    }
  }
  return std::nullopt;
}

Result<std::optional<Conflict>> impossible_link(Repository& repository,
                                                const std::vector<TreeEntry>& changes) {
  for (const TreeEntry& change : changes) {
    if (change.mode == kModeLink) {
      PM_TRY_ASSIGN(const Object target, repository.read(change.id));
      if (const std::string problem = link_problem(target.data); !problem.empty()) {
        return refuse(change.path, "cannot be made: " + problem);
      }
    }
  }
  return std::nullopt;
}

Result<Conflict> explain_conflict(Repository& repository, const FailedPatch& failed, bool search) {
  PM_TRY_ASSIGN(Conflict conflict, Explainer(repository, failed).run(search));
  if (search && repository.is_shallow()) {
    conflict.reason +=
        "; this clone is shallow, and what the patch was made on may lie before its beginning "
        "(git fetch --unshallow)";
  }
  return conflict;
}

}  // namespace patchmill::git
