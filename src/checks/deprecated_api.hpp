#pragma once
// The table of deprecated words: data, so that a project can bring its own.

#include "util/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace patchmill::checks {

struct DeprecatedRule {
  bool is_error = false;
  std::string pattern;
  std::vector<std::string> paths;  // shell wildcards; never empty
  std::string advice;
};

// Lines "severity | pattern | paths | advice"; '#' begins a comment line.
// Error invalid with the number of the first wrong line.
Result<std::vector<DeprecatedRule>> parse_deprecated_rules(std::string_view text);
// The table that patchmill brings along (src/checks/data/deprecated_api.txt).
const std::vector<DeprecatedRule>& built_in_deprecated_rules();

}  // namespace patchmill::checks
