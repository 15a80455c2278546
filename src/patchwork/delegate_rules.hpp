#pragma once
// Whom patches that are new at another instance are delegated to.

#include <span>
#include <string>
#include <vector>

namespace patchmill::patchwork {

// Shell patterns, in any case; what is empty fits everything.
struct DelegateRule {
  std::string user;                // a username there
  std::vector<std::string> paths;  // every file of the patch fits one of them
  std::vector<std::string> lists;  // one of its List-Ids
  std::vector<std::string> tags;   // one of the words in the subject's brackets
  std::vector<std::string> subjects;
  bool operator==(const DelegateRule&) const = default;
};
struct DelegateTraits {
  std::vector<std::string> paths, lists, tags;
  std::string subject;
};
// The user of the first rule that fits; empty: none does. Pure.
std::string delegate_of(std::span<const DelegateRule> rules, const DelegateTraits& patch);

}  // namespace patchmill::patchwork
