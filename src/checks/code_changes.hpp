#pragma once
// The added and removed lines of a file with its comments told from its code.

#include "checks/check.hpp"

#include <functional>
#include <string_view>

namespace patchmill::checks {

// Calls `visit(marker, line, code, text)` for every '+' and '-' line in order; `line` counts in
// the new file for '+', in the old one for '-'. `code` has comments and strings blanked out when
// the file is written in a language with C's comments, else it is the text. What a hunk begins in
// is read from the file where the patch is applied (C and its kin, up to 1 MiB), else guessed. A
// symbolic link has no lines.
using CodeVisitor =
    std::function<void(char marker, int line, std::string_view code, std::string_view text)>;
void for_each_change(const Context& context, const mail::FileDiff& file, const CodeVisitor& visit);

}  // namespace patchmill::checks
