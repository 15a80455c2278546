#pragma once
// The file names of a diff's header lines, with git's rules for stripping and quoting.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::mail {

// What a "--- " or "+++ " line names.
struct SideName {
  std::string path;       // as written: unquoted, time stamp cut, nothing stripped
  bool dev_null = false;  // "/dev/null", or the time stamp of 1970 that stands for it
};
// `rest` is the line after "--- " or "+++ ". `traditional`: outside a git header, where time stamps
// may follow the name. Empty when there is no name.
std::optional<SideName> read_side(std::string_view rest, bool traditional);

// A name on a line of its own ("rename from x", maybe quoted).
std::string read_plain_name(std::string_view rest);

// The one name that both sides of a "diff --git" line agree on.
struct GitNames {
  std::string path;
  int strip = 1;  // 0: neither side has a prefix like "a/" (diff.noprefix)
};
// `rest` is the line after "diff --git ". Empty when the two sides differ.
std::optional<GitNames> read_git_names(std::string_view rest);

// Without its first component; empty when it has only one.
std::optional<std::string> strip_component(std::string_view path);

}  // namespace patchmill::mail
