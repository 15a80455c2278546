#pragma once
// `patchmill try` of mails whose patches are commits of the branch one stands on.

#include "git/repository.hpp"
#include "placement/placement.hpp"
#include "util/result.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace patchmill::app {

// Commits of the branch that its upstream has not: an author's own, of whom nobody would say that
// the patches are "already in".
struct OwnCommits {
  std::vector<std::size_t> patches;  // the patches they carry, from 0
  git::ObjectId first;               // before all others; empty when they stand on merged branches
  git::ObjectId base;                // its parent, or the commit those branches have in common

  // What is said of it to people: "these are commits already on this branch", and where they are
  // tested: "the parent of the first, abc123def456".
  [[nodiscard]] std::string found(std::size_t all_patches) const;
  [[nodiscard]] std::string place() const;
};

// `carriers`: the commit of HEAD's history that carries each patch, where there is one. Those that
// are in the upstream of the current branch (@{upstream}, where one is set) do not count; empty
// when none is left. Errors: invalid when nothing is before the first, which cannot be tested then.
Result<std::optional<OwnCommits>> own_commits(
    git::Repository& checkout, std::span<const std::optional<git::ObjectId>> carriers);

}  // namespace patchmill::app
