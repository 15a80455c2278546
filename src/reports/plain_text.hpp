#pragma once
// The body of a mail as people like it: wrapped, and with no line that a program could take for a
// command, a tag or a patch because of what a finding said.

#include <cstddef>
#include <string>
#include <string_view>

namespace patchmill::reports {

inline constexpr std::size_t k_columns = 72;

// Wraps lines of more than `columns` characters at blanks; what follows is indented like the line,
// plus the width of a bullet ("* ", "- "). Lines that start with ">", four blanks or a tab (what
// was found, commands) stay whole. Runs of empty lines become one, none is at the start or end;
// blanks at line ends go. No wrapped line starts with a word that means something to programs
// ("Reviewed-by:", "pw-bot:", "#syz", "From", "diff", "---").
std::string wrap_body(std::string_view text, std::size_t columns = k_columns);

// Such a word.
bool means_something(std::string_view word);

// Columns a terminal needs: most characters one, East Asian wide ones two, combining ones none.
std::size_t display_width(std::string_view utf8);

}  // namespace patchmill::reports
