#pragma once
// CRLF, where it is transport and where it is content.

#include <string>
#include <string_view>

namespace patchmill::mail {

enum class LineEnds { lf, crlf, mixed };
LineEnds line_ends(std::string_view text);

// Every \r\n becomes \n (one \r only), as git-mailsplit(1) does without --keep-cr.
std::string undo_crlf(std::string_view text);

}  // namespace patchmill::mail
