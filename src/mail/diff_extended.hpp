#pragma once
// git's extended header lines: modes, renames, copies, blob ids.

#include "mail/diff.hpp"
#include "mail/diff_names.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace patchmill::mail {

// Notes in `file` what a line for which is_extended_header() holds says. `names`: those of the
// "diff --git" line. Returns what is wrong with the line ("has an invalid mode …"); empty: nothing.
std::string read_extended_header(FileDiff& file, std::string_view line,
                                 const std::optional<GitNames>& names);

}  // namespace patchmill::mail
