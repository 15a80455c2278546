#include "intake/inbox_history.hpp"

#include "git/repository.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace patchmill::intake {
namespace fs = std::filesystem;
namespace {

Command git_command(const fs::path& git_dir, std::vector<std::string> args) {
  Command command;
  command.argv = {"git", "--git-dir=" + git_dir.string()};
  command.argv.insert(command.argv.end(), args.begin(), args.end());
  command.env = git::git_environment();
  command.inherit_env = false;
  command.timeout = std::chrono::hours(2);
  return command;
}

Result<Completed> run_git(const fs::path& git_dir, std::vector<std::string> args) {
  return SystemProcessRunner().run(git_command(git_dir, std::move(args)));
}

// The commit of HEAD, or of the first branch where HEAD names none; empty: no commits.
Result<std::string> find_tip(const fs::path& git_dir) {
  PM_TRY_ASSIGN(const auto head,
                run_git(git_dir, {"rev-parse", "--verify", "--quiet", "HEAD^{commit}"}));
  if (head.ok()) {
    return std::string(trim(head.out));
  }
  PM_TRY_ASSIGN(const auto refs, run_git(git_dir, {"for-each-ref", "--count=1",
                                                   "--format=%(objectname)", "refs/heads/"}));
  if (!refs.ok()) {
    return fail(ErrorKind::infrastructure,
                fmt::format("git cannot read {}: {}", escape_terminal(git_dir.string()),
                            ellipsize(escape_terminal(joined_lines(refs.err)), 500)));
  }
  return std::string(trim(refs.out));
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// Version 1 names a file after the SHA-1 of its Message-ID: "12/34567…".
bool is_v1_path(std::string_view path) {
  return path.size() == 41 && path[2] == '/' && is_hex(path.substr(0, 2)) && is_hex(path.substr(3));
}

enum class Looks { empty, inbox, other };

// Version 2 has a file `m` (or `d`), version 1 folders `00` to `ff`.
Result<Looks> look_at(const fs::path& git_dir, const std::string& tip) {
  PM_TRY_ASSIGN(const auto listed, run_git(git_dir, {"ls-tree", "-z", "--name-only", tip}));
  if (!listed.ok()) {
    return fail(ErrorKind::infrastructure,
                fmt::format("git cannot read {}: {}", escape_terminal(git_dir.string()),
                            ellipsize(escape_terminal(joined_lines(listed.err)), 500)));
  }
  for (const auto name : split(listed.out, '\0')) {
    if (name == "m" || name == "d" || (name.size() == 2 && is_hex(name))) {
      return Looks::inbox;
    }
  }
  return listed.out.empty() ? Looks::empty : Looks::other;
}

tl::unexpected<Error> no_inbox(const fs::path& git_dir) {
  return fail(ErrorKind::invalid,
              fmt::format("{} is a git repository, but no public-inbox: it has neither a file 'm' "
                          "nor mails in folders '00' to 'ff'; a tree that patches are tested on "
                          "belongs under 'trees' in the configuration",
                          escape_terminal(git_dir.string())));
}

// Reads `git log --raw --format=%H`.
class LogReader {
 public:
  explicit LogReader(std::size_t id_size) : m_id_size(id_size) {}

  void feed(std::string_view piece) {
    m_pending += piece;
    std::size_t begin = 0;
    for (auto end = m_pending.find('\n'); end != std::string::npos;
         end = m_pending.find('\n', begin)) {
      read_line(std::string_view(m_pending).substr(begin, end - begin));
      begin = end + 1;
    }
    m_pending.erase(0, begin);
  }

  // Whether any mail was ever added or deleted.
  [[nodiscard]] bool saw_mails() const { return !m_added.empty() || !m_deleted.empty(); }

  // Commit and blob of every mail that no later commit deleted.
  [[nodiscard]] std::string names() && {
    if (m_deleted.empty()) {
      return std::move(m_added);
    }
    std::string kept;
    kept.reserve(m_added.size());
    const auto stride = m_id_size * 2;
    for (std::size_t i = 0; i < m_added.size() / stride; ++i) {
      const auto entry = std::string_view(m_added).substr(i * stride, stride);
      const auto deleted = m_deleted.find(std::string(entry.substr(m_id_size)));
      if (deleted == m_deleted.end() || deleted->second <= i) {
        kept += entry;
      }
    }
    return kept;
  }

 private:
  void read_line(std::string_view line) {
    if (line.size() == m_id_size && is_hex(line)) {
      m_commit = line;
    } else if (line.starts_with(':')) {
      read_change(line);
    }
  }

  // ":100644 100644 <old> <new> M\tpath"
  void read_change(std::string_view line) {
    const auto tab = line.find('\t');
    const auto words = split(line.substr(0, tab), ' ');
    if (tab == std::string_view::npos || words.size() != 5 || words[2].size() != m_id_size ||
        words[3].size() != m_id_size || words[4].empty()) {
      return;
    }
    const auto path = line.substr(tab + 1);
    const bool removed = words[4].front() == 'D';
    const bool regular_file = words[1].starts_with("100");
    if (path == "m" || is_v1_path(path)) {
      if (!removed && regular_file) {
        m_added.append(m_commit).append(words[3]);
      } else if (removed && path != "m") {
        mark_deleted(words[2]);
      }
    } else if (path == "d" && !removed) {
      mark_deleted(words[3]);  // version 2 moves the mail to `d`
    }
  }

  void mark_deleted(std::string_view blob) {
    m_deleted[std::string(blob)] = m_added.size() / (m_id_size * 2);
  }

  std::size_t m_id_size;
  std::string m_pending;
  std::string m_commit;
  std::string m_added;
  std::unordered_map<std::string, std::size_t> m_deleted;  // -> how many were added before
};

}  // namespace

Result<InboxHistory> InboxHistory::read(const fs::path& git_dir, const std::string& cursor) {
  InboxHistory history;
  PM_TRY_ASSIGN(history.m_tip, find_tip(git_dir));
  if (history.m_tip.empty() || history.m_tip == cursor) {
    return history;
  }
  history.m_id_size = history.m_tip.size();
  std::string range = history.m_tip;
  if (!cursor.empty()) {
    // Status 1: another history; 128: the commit is gone.
    PM_TRY_ASSIGN(const auto ancestor,
                  run_git(git_dir, {"merge-base", "--is-ancestor", cursor, history.m_tip}));
    history.m_rewritten = !ancestor.ok();
    range = ancestor.ok() ? cursor + ".." + history.m_tip : range;
  }
  // Somebody may have named the repository of a tree: reading its whole history for mails would
  // take long and end in silence.
  auto looks = Looks::empty;
  if (cursor.empty() || history.m_rewritten) {
    PM_TRY_ASSIGN(looks, look_at(git_dir, history.m_tip));
  }
  if (looks == Looks::other) {
    return no_inbox(git_dir);
  }
  LogReader reader(history.m_id_size);
  auto command =
      git_command(git_dir, {"-c", "log.showRoot=true", "log", "--reverse", "--first-parent", "-m",
                            "--raw", "--no-abbrev", "--no-renames", "--format=%H", range, "--"});
  command.on_output = [&](std::string_view piece) { reader.feed(piece); };
  PM_TRY_ASSIGN(const auto log, SystemProcessRunner().run(command));
  if (!log.ok()) {
    return fail(
        ErrorKind::infrastructure,
        fmt::format("git cannot list the mails of {}: {}", escape_terminal(git_dir.string()),
                    log.timed_out ? "it took longer than two hours"
                                  : ellipsize(escape_terminal(joined_lines(log.err)), 500)));
  }
  if (looks != Looks::empty && !reader.saw_mails()) {
    return no_inbox(git_dir);
  }
  history.m_names = std::move(reader).names();
  return history;
}

}  // namespace patchmill::intake
