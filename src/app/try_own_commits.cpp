#include "app/try_own_commits.hpp"

#include "app/try_range.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace patchmill::app {
namespace {

constexpr std::size_t k_digits = 12;

Result<std::set<git::ObjectId>> not_in_upstream(git::Repository& checkout,
                                                std::set<git::ObjectId> commits) {
  if (commits.empty() || !git_line(checkout, {"rev-parse", "--verify", "--quiet", "@{upstream}"})) {
    return commits;
  }
  std::vector<std::string> args = {"rev-list"};
  args.insert(args.end(), commits.begin(), commits.end());
  args.insert(args.end(), {"^@{upstream}", "--"});
  PM_TRY_ASSIGN(const std::string listed, git_line(checkout, std::move(args)));
  std::set<git::ObjectId> own;
  for (const std::string_view line : split_lines(listed)) {
    if (commits.contains(git::ObjectId(line))) {
      own.emplace(line);
    }
  }
  return own;
}

}  // namespace

std::string OwnCommits::found(std::size_t all_patches) const {
  if (patches.size() < all_patches) {
    return fmt::format("{} of {} patches {} already on this branch", patches.size(), all_patches,
                       patches.size() == 1 ? "is a commit" : "are commits");
  }
  return all_patches == 1 ? "this is a commit already on this branch"
                          : "these are commits already on this branch";
}

std::string OwnCommits::place() const {
  const std::string_view commit = std::string_view(base).substr(0, k_digits);
  return first.empty()         ? fmt::format("what was before all of them, {}", commit)
         : patches.size() == 1 ? fmt::format("its parent, {}", commit)
                               : fmt::format("the parent of the first, {}", commit);
}

Result<std::optional<OwnCommits>> own_commits(
    git::Repository& checkout, std::span<const std::optional<git::ObjectId>> carriers) {
  std::set<git::ObjectId> commits;
  for (const auto& carrier : carriers) {
    if (carrier) {
      commits.insert(*carrier);
    }
  }
  PM_TRY_ASSIGN(commits, not_in_upstream(checkout, std::move(commits)));
  if (commits.empty()) {
    return std::nullopt;
  }
  OwnCommits own;
  for (std::size_t i = 0; i < carriers.size(); ++i) {
    if (carriers[i] && commits.contains(*carriers[i])) {
      own.patches.push_back(i);
    }
  }
  // On a straight line the common ancestor of commits is the first of them.
  std::vector<std::string> args = {"merge-base", "--octopus"};
  args.insert(args.end(), commits.begin(), commits.end());
  const auto common = git_line(checkout, std::move(args));
  if (!common) {
    return std::nullopt;  // of histories that have nothing in common
  }
  if (!commits.contains(*common)) {
    own.base = *common;
    return std::optional(std::move(own));
  }
  own.first = *common;
  PM_TRY_ASSIGN(const auto first, checkout.commit(own.first));
  const std::string named = fmt::format("{} (\"{}\")", own.first.substr(0, k_digits),
                                        escape_terminal(ellipsize(first.subject, 60)));
  if (first.parents.empty()) {
    return fail(ErrorKind::invalid,
                fmt::format("{}, and the first of them, {}, is the first commit of its history: "
                            "there is nothing before it that they could be tested on; name "
                            "another commit with --base",
                            own.found(carriers.size()), named));
  }
  own.base = first.parents[0];
  if (checkout.is_shallow() && !checkout.exists(own.base).value_or(true)) {
    return fail(ErrorKind::invalid,
                fmt::format("{}, and the first of them, {}, is where this shallow clone begins: "
                            "what it goes onto is not here; fetch it: git fetch --deepen=1",
                            own.found(carriers.size()), named));
  }
  return std::optional(std::move(own));
}

}  // namespace patchmill::app
