#pragma once
// What a diff touches, as git-apply(1) would read it: sections, names, blobs, hunks.
//
// This layer cannot use mail::parse_diff; it also needs less: the scan never fails, it reports
// what it found, and git has the last word on whether a diff is well formed.

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::git {

struct ScanHunk {
  std::size_t old_start = 0, old_count = 0, new_start = 0, new_count = 0;
  std::string_view text;  // with its "@@" line
  std::string_view body;  // without
  bool complete = false;  // as many lines as the header says
};

// Views point into the diff.
struct ScanFile {
  std::string old_path, new_path;  // as git apply -p1 would name them; empty: absent (/dev/null)
  std::string old_blob, new_blob;  // of the "index" line
  std::uint32_t old_mode = 0, new_mode = 0;  // 0: not said
  bool git_header = false;                   // "diff --git"
  bool created = false, deleted = false, renamed = false, copied = false, binary = false;
  bool ended = false;  // by a line that belongs to no section
  std::vector<ScanHunk> hunks;
  std::string_view text;
  [[nodiscard]] const std::string& path() const { return new_path.empty() ? old_path : new_path; }
};

struct PatchScan {
  std::vector<ScanFile> files;
  // Every name git could mean, harmless ones only; more than `files` say where a header is odd.
  std::set<std::string> candidate_paths;
  // Written as git itself writes diffs: no stray or broken hunk, every name said consistently.
  bool plain = true;
};

// Linear in the diff's length.
PatchScan scan_patch(std::string_view diff);

}  // namespace patchmill::git
