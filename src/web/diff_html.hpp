#pragma once
// A diff as HTML: a fold a file, additions and removals told by mark and colour, the changed part
// of a line marked, findings below the line they are about.

#include "findings/finding.hpp"
#include "web/html.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace patchmill::web {

struct DiffLimits {
  std::size_t lines = 20'000;     // of all files; what comes after is only counted
  std::size_t line_bytes = 2000;  // longer ones are cut
  std::size_t open_lines = 500;   // files with more are folded to begin with
  std::size_t files = 1000;
};

struct DiffHtml {
  Html html;
  std::size_t files = 0, added = 0, removed = 0;
  bool whole = true;  // false: a limit was met
};
// Bytes in; what cannot be parsed as a diff is shown line by line all the same.
DiffHtml diff_html(std::string_view diff, std::span<const findings::Finding> findings = {},
                   const DiffLimits& limits = {});

// The output of `git range-diff`, which is a diff of diffs.
Html range_diff_html(std::string_view text, std::size_t most_lines = 20'000);

}  // namespace patchmill::web
