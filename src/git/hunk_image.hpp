#pragma once
// Hunks against the content of a file.

#include "git/patch_scan.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::git {

// What a hunk replaces and puts in its place.
struct HunkSides {
  std::string before, after;
  std::size_t before_lines = 0, after_lines = 0;
  std::size_t leading = 0, trailing = 0;  // lines of context
  bool changes = false;
};
HunkSides hunk_sides(const ScanHunk& hunk);

// The content after all hunks, when each fits at the very position where git-apply(1) looks
// first; git then gives the same. Nothing when any does not: git has to search.
std::optional<std::string> apply_where_stated(std::string_view content, const ScanFile& file);

// Whether the lines a hunk expects stand anywhere in the content (at its start or end where git
// insists on it). Linear.
bool hunk_fits(std::string_view content, const ScanHunk& hunk);

}  // namespace patchmill::git
