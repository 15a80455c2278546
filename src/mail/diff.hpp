#pragma once
// Splitting mail bodies into text and diff, and reading what a diff touches.

#include "util/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::mail {

struct SplitBody {
  std::string text;                         // everything else, in order
  std::string diff;                         // empty: none
  std::size_t diff_at = std::string::npos;  // where in `text` the diff stood; npos: no diff
};
// The state machine of Patchwork's parse_patch (version 3.3), bytes in, bytes out, linear time.
// Mended: prose between two diffs stays text, and what follows a binary patch is not part of it.
SplitBody split_diff(std::string_view body);

struct Hunk {
  int old_start = 0, old_count = 0, new_start = 0, new_count = 0;
  std::string_view header;  // the "@@ … @@ section" line
  std::string_view body;    // the lines after it, with their markers
  std::size_t line = 0;     // 1-based line of the header within the diff
};

enum class FileChange { modified, added, deleted, renamed, copied, mode_changed };

// Views point into the diff given to parse_diff.
struct FileDiff {
  FileChange change = FileChange::modified;
  std::string old_path, new_path;  // unquoted, without a/ b/; empty on the side that is absent
  std::string old_blob, new_blob;  // as in "index old..new", maybe abbreviated; empty: no line
  std::optional<std::uint32_t> old_mode, new_mode;
  bool binary = false;
  int strip = 1;  // components to strip (git apply -p): 0 for names without a/ b/
  std::vector<Hunk> hunks;
  std::string_view text;  // the whole section of this file
  [[nodiscard]] const std::string& path() const { return new_path.empty() ? old_path : new_path; }
};

// Errors: invalid for a diff whose structure is broken (counts do not add up, no file names).
// Does not judge paths; see unsafe_path().
Result<std::vector<FileDiff>> parse_diff(std::string_view diff);

// Old and new names of its files, each once; none of a diff that cannot be read.
std::vector<std::string> touched_paths(std::string_view diff);

// Why a path may not be written by a patch ("..", absolute, ".git" in any case or NTFS/HFS guise,
// NUL, empty component); empty when it is harmless.
std::string unsafe_path(std::string_view path);

struct AddedLine {
  std::string path;
  int line = 0;           // in the new file, 1-based
  std::string_view text;  // without the '+'
};
std::vector<AddedLine> added_lines(const std::vector<FileDiff>& files);
std::vector<AddedLine> removed_lines(const std::vector<FileDiff>& files);  // line in the old file

// Patchwork's hash of a diff (SHA-1 over normalised lines, section C.10 of its parser).
std::string patchwork_hash(std::string_view diff);

}  // namespace patchmill::mail
