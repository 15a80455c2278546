#pragma once
// What may be the name of a file in a tree, of a ref, and how git quotes names in diffs.

#include <optional>
#include <string>
#include <string_view>

namespace patchmill::git {

// Why no patch may touch this path ("..", absolute, ".git" in any case or in a guise that HFS+ or
// NTFS take for it, empty component, control byte NUL, longer than 4096 bytes, a name in it longer
// than 255, more than 512 folders); empty: harmless.
std::string path_problem(std::string_view path);

// Why no symbolic link can lead to this (symlink(2): nothing, a NUL byte, 4096 bytes or more);
// empty: it can.
std::string link_problem(std::string_view target);

// The rules of git-check-ref-format(1) for a full name ("refs/heads/x") and for a branch ("x").
bool is_valid_ref(std::string_view full_name);
bool is_valid_branch(std::string_view name);

// Reads a C-quoted name ("a/\303\244", with its quotes) at the start of `text`.
struct Unquoted {
  std::string value;
  std::size_t consumed = 0;  // bytes of `text`, both quotes included
};
std::optional<Unquoted> unquote(std::string_view text);

}  // namespace patchmill::git
