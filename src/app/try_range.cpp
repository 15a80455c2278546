#include "app/try_range.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <utility>

namespace patchmill::app {

Result<std::string> git_line(git::Repository& repository, std::vector<std::string> args) {
  PM_TRY_ASSIGN(const Completed done, repository.git(std::move(args)));
  if (!done.ok()) {
    return fail(ErrorKind::not_found, escape_terminal(joined_lines(done.err)));
  }
  return std::string(trim(done.out));
}

namespace {

Result<git::ObjectId> commit_named(git::Repository& repository, const std::string& word) {
  auto commit = repository.resolve(word);
  if (!commit) {
    return fail(ErrorKind::invalid,
                fmt::format("'{}' names no commit here", escape_terminal(word)));
  }
  return commit;
}

std::size_t count_commits(git::Repository& repository, std::vector<std::string> args) {
  args.insert(args.begin(), {"rev-list", "--count"});
  args.emplace_back("--");
  const auto count = git_line(repository, std::move(args));
  return count ? parse_uint(*count).value_or(0) : 0;
}

// The commit alone.
Result<TryRange> one_commit(git::Repository& repository, const std::string& word) {
  TryRange range;
  PM_TRY_ASSIGN(range.tip, commit_named(repository, word));
  PM_TRY_ASSIGN(const auto commit, repository.commit(range.tip));
  if (commit.parents.empty()) {
    return fail(ErrorKind::invalid,
                fmt::format("{} is the first commit of its history: there is nothing before it "
                            "that a patch could go onto; name a later one",
                            escape_terminal(word)));
  }
  if (commit.parents.size() > 1) {
    return fail(ErrorKind::invalid,
                fmt::format("{} is a merge, which cannot be sent as a patch; name commits that it "
                            "brought, e.g. {}^..{}^2",
                            escape_terminal(word), escape_terminal(word), escape_terminal(word)));
  }
  range.base = commit.parents[0];
  if (repository.is_shallow() && !repository.exists(range.base).value_or(true)) {
    return fail(ErrorKind::invalid,
                fmt::format("{} is where this shallow clone begins, so nobody here knows what it "
                            "changed; fetch what is before it: git fetch --deepen=1",
                            escape_terminal(word)));
  }
  return range;
}

// Since the two parted.
Result<TryRange> span_of(git::Repository& repository, const std::string& from,
                         const std::string& to) {
  TryRange range;
  PM_TRY_ASSIGN(range.tip, commit_named(repository, to));
  PM_TRY_ASSIGN(const git::ObjectId start, commit_named(repository, from));
  auto base = git_line(repository, {"merge-base", start, range.tip});
  if (!base) {
    return fail(ErrorKind::invalid, fmt::format("{} and {} have no common history",
                                                escape_terminal(from), escape_terminal(to)));
  }
  range.base = *base;
  return range;
}

// Begins behind what the upstream has taken already, as the same change under another id.
Result<TryRange> not_upstream(git::Repository& repository) {
  PM_TRY_ASSIGN(TryRange range, span_of(repository, "@{upstream}", "HEAD"));
  const auto listed =
      git_line(repository, {"rev-list", "--reverse", "--topo-order", "--no-merges", "--right-only",
                            "--cherry-mark", "@{upstream}...HEAD", "--"});
  if (!listed) {
    return range;  // too much upstream to look through: all are tried
  }
  std::size_t behind = 0;
  bool first_ones = true;
  for (const std::string_view line : split_lines(*listed)) {
    const bool taken = line.starts_with('=');
    first_ones = first_ones && taken;
    if (first_ones) {
      range.base = line.substr(1);
    } else if (taken) {
      ++behind;
    }
  }
  if (behind > 0) {
    range.note = fmt::format(
        "{} upstream already, under another id, and tried all the same; `git rebase` drops such",
        behind == 1 ? "1 of these commits is" : fmt::format("{} of these commits are", behind));
  }
  return range;
}

// A branch elsewhere that this one may be for; empty: none is known.
std::string likely_upstream(git::Repository& repository) {
  if (auto head = git_line(repository, {"rev-parse", "--verify", "--quiet", "--abbrev-ref",
                                        "refs/remotes/origin/HEAD"});
      head && !head->empty()) {
    return *head;
  }
  for (const char* name : {"origin/main", "origin/master"}) {
    if (repository.resolve(std::string("refs/remotes/") + name)) {
      return name;
    }
  }
  return {};
}

Result<TryRange> last_commit(git::Repository& repository) {
  PM_TRY_ASSIGN(TryRange range, one_commit(repository, "HEAD"));
  const std::string upstream = likely_upstream(repository);
  if (upstream.empty()) {
    range.note =
        "no upstream is set, so only the last commit is tested; name more of them, e.g. "
        "`patchmill try HEAD~3..`";
  } else if (const auto count = count_commits(repository, {upstream + "..HEAD"}); count > 1) {
    range.note = fmt::format(
        "no upstream is set, so only the last commit is tested; `patchmill try {}..` tests all {}",
        escape_terminal(upstream), count);
  }
  return range;
}

}  // namespace

Result<TryRange> try_range(git::Repository& repository, std::string_view written) {
  const std::string text(trim(written));
  if (text.empty()) {
    return git_line(repository, {"rev-parse", "--verify", "--quiet", "@{upstream}"})
               ? not_upstream(repository)
               : last_commit(repository);
  }
  const auto dots = text.find("..");
  if (dots == std::string::npos) {
    return one_commit(repository, text);
  }
  std::string from = text.substr(0, dots);
  std::string to = text.substr(dots + 2);
  if (to.starts_with('.')) {
    to.erase(0, 1);  // "A...B": since they parted, which merge-base gives anyway
  }
  return span_of(repository, from.empty() ? "HEAD" : from, to.empty() ? "HEAD" : to);
}

}  // namespace patchmill::app
