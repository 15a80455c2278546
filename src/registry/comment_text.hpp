#pragma once
// What a reply says.

#include <string>
#include <string_view>

namespace patchmill::registry {

// The plain text of a mail as it was sent, a diff in it included, as Patchwork 3.3 has it
// (parser.py, find_comment_content): its text/plain parts, each without white space around it,
// from the first signature or list footer on cut. UTF-8 with \n as line ends. Of a mail without
// such a part: what can be read of it as text.
std::string comment_text(std::string_view raw);

}  // namespace patchmill::registry
