#include "placement/tree_choice.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::placement {

namespace {

// A word of the author outweighs what lists and files suggest; see docs/base-choice.md.
constexpr double k_tag_score = 1000;
constexpr double k_list_score = 400;
constexpr double k_maintainers_score = 150;
constexpr double k_paths_score = 100;
// Enough to tell where a series belongs; a tree-wide one has thousands of paths.
constexpr std::size_t k_max_asked_paths = 200;

const std::string* common_word(const std::vector<std::string>& a,
                               const std::vector<std::string>& b) {
  for (const auto& word : a) {
    if (std::any_of(b.begin(), b.end(), [&](const auto& other) { return iequals(word, other); })) {
      return &word;
    }
  }
  return nullptr;
}

void add_why(std::string& why, const std::string& text) {
  why += (why.empty() ? "" : "; ") + text;
}

}  // namespace

std::vector<TreeAffinity> rank_trees(std::span<const TreeSpec> specs, const tracker::Series& series,
                                     std::span<const std::string> paths,
                                     const MaintainersAnswer& maintainers) {
  paths = paths.first(std::min(paths.size(), k_max_asked_paths));
  const auto share = [&](std::size_t count) {
    return paths.empty() ? 0.0 : static_cast<double>(count) / static_cast<double>(paths.size());
  };
  std::vector<TreeAffinity> result;
  bool tagged = false;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const TreeSpec& spec = specs[i];
    TreeAffinity affinity;
    affinity.tree = i;
    if (const auto* tag = common_word(spec.subject_tags, series.prefixes)) {
      tagged = true;
      affinity.score += k_tag_score;
      affinity.reasons.push_back(Reason::subject_tag);
      add_why(affinity.why, fmt::format("the subject says [{}]", *tag));
    }
    if (const auto* list = common_word(spec.lists, series.list_ids)) {
      affinity.score += k_list_score;
      affinity.reasons.push_back(Reason::list);
      add_why(affinity.why, fmt::format("posted to {}", *list));
    }
    std::size_t claimed = 0;
    std::string section;
    for (const auto& path : paths) {
      if (auto title = maintainers(i, path)) {
        ++claimed;
        section = section.empty() ? *title : section;
      }
    }
    if (claimed > 0) {
      affinity.score += k_maintainers_score * share(claimed);
      affinity.reasons.push_back(Reason::maintainers);
      add_why(affinity.why, fmt::format("MAINTAINERS sends {} of {} here ({})", claimed,
                                        count_of(paths.size(), "file"), section));
    }
    const auto matching = static_cast<std::size_t>(
        std::count_if(paths.begin(), paths.end(), [&](const std::string& path) {
          return std::any_of(spec.paths.begin(), spec.paths.end(),
                             [&](const std::string& glob) { return glob_match(glob, path); });
        }));
    if (matching > 0) {
      affinity.score += k_paths_score * share(matching);
      affinity.reasons.push_back(Reason::paths);
      add_why(affinity.why,
              fmt::format("{} of {} {} in its paths", matching, count_of(paths.size(), "file"),
                          matching == 1 ? "is" : "are"));
    }
    affinity.needs_evidence = affinity.reasons.empty() && !spec.lists.empty();
    result.push_back(std::move(affinity));
  }
  for (auto& affinity : result) {
    const bool has_tag = std::find(affinity.reasons.begin(), affinity.reasons.end(),
                                   Reason::subject_tag) != affinity.reasons.end();
    affinity.needs_evidence = affinity.needs_evidence || (tagged && !has_tag);
  }
  std::stable_sort(result.begin(), result.end(), [](const auto& a, const auto& b) {
    return std::pair(!a.needs_evidence, a.score) > std::pair(!b.needs_evidence, b.score);
  });
  return result;
}

}  // namespace patchmill::placement
