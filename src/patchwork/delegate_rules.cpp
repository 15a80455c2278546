#include "patchwork/delegate_rules.hpp"

#include "util/text.hpp"

#include <algorithm>

namespace patchmill::patchwork {
namespace {

bool fits_one(const std::vector<std::string>& patterns, const std::string& text) {
  return std::ranges::any_of(patterns, [lower = to_lower(text)](const std::string& pattern) {
    return glob_match(to_lower(pattern), lower);
  });
}

bool any_fits(const std::vector<std::string>& patterns, const std::vector<std::string>& texts) {
  return patterns.empty() || std::ranges::any_of(texts, [&](const std::string& text) {
           return fits_one(patterns, text);
         });
}

// Two files may differ in nothing but upper and lower case (Linux has xt_DSCP.c and xt_dscp.c).
bool all_fit(const std::vector<std::string>& patterns, const std::vector<std::string>& paths) {
  return patterns.empty() || (!paths.empty() && std::ranges::all_of(paths, [&](const auto& path) {
           return std::ranges::any_of(
               patterns, [&](const std::string& pattern) { return glob_match(pattern, path); });
         }));
}

}  // namespace

std::string delegate_of(std::span<const DelegateRule> rules, const DelegateTraits& patch) {
  for (const auto& rule : rules) {
    if (all_fit(rule.paths, patch.paths) && any_fits(rule.lists, patch.lists) &&
        any_fits(rule.tags, patch.tags) && any_fits(rule.subjects, {patch.subject})) {
      return rule.user;
    }
  }
  return {};
}

}  // namespace patchmill::patchwork
