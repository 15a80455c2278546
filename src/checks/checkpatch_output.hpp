#pragma once
// What checkpatch.pl --terse prints.

#include <string>
#include <string_view>
#include <vector>

namespace patchmill::checks {

enum class CheckpatchLevel { error = 0, warning = 1, check = 2 };

struct CheckpatchLine {
  CheckpatchLevel level = CheckpatchLevel::warning;
  std::string type;  // "LONG_LINE"; empty where the edition does not show types
  std::string file;  // in the tree; empty for the patch as a whole
  int line = 0;
  std::string message;
};

// Lines "FILE:LINE: LEVEL:TYPE: message"; all others are passed over. `shows_files`: FILE is one
// of the tree (--showfile) and not the mail's.
std::vector<CheckpatchLine> parse_checkpatch(std::string_view output, bool shows_files);

}  // namespace patchmill::checks
