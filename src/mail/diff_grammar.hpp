#pragma once
// What single lines of a diff mean; shared by the splitter and the parser.

#include <optional>
#include <string>
#include <string_view>

namespace patchmill::mail {

struct HunkHeader {
  int old_start = 0, old_count = 0, new_start = 0, new_count = 0;
  bool is_clamped = false;  // a number was larger than 2 000 000 000, which now stands for it
};
// "@@ -a[,n] +b[,m] @@ ..."; a missing count is 1. Empty for other lines.
std::optional<HunkHeader> parse_hunk_header(std::string_view line);

// git's extended header lines ("old mode ", "rename from ", "index ", ...).
bool is_extended_header(std::string_view line);
// "Binary files a/x and b/x differ": a change whose content was left out.
bool is_binary_notice(std::string_view line);
// "literal 12" or "delta 34".
bool is_binary_block_start(std::string_view line);
// A base85 line of a binary block whose length fits its first character.
bool is_binary_data(std::string_view line);
// Made of base85 digits only, whatever its length: data, maybe damaged.
bool is_base85(std::string_view line);

// A C-style quoted name ("\"a/\\303\\244\""), starting at its quote; `length` is what it took up.
std::optional<std::string> unquote_path(std::string_view text, std::size_t& length);

}  // namespace patchmill::mail
