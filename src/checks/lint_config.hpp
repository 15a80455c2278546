#pragma once
// What a linter's configuration file says about other files, as far as it has to be known to lay
// them out; the tool itself reads the rest.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::checks {

// The scalar or the list of scalars below `key`, wherever it stands in a YAML or TOML file. Not a
// parser: it may find more than the tool would (in a string of several lines), never less for the
// forms people write.
std::vector<std::string> values_of_key(std::string_view text, std::string_view key);

// The path in the tree of `name` as written in `folder` ("" is the top); nothing when it leads
// out of the tree or could not be made below a folder of ours.
std::optional<std::string> path_in_tree(std::string_view folder, std::string_view name);

// "a/b" of "a/b/c", "" of "c".
std::string_view folder_of(std::string_view path);

// Of a .shellcheckrc what concerns the rules (disable, enable, shell), in the form that
// shellcheck(1), "RC FILES" and "DIRECTIVES", describes, one directive a line. Without source,
// source-path and external-sources: with them a patch could have any file of this machine read.
// A line that cannot be read ends at the fault; shellcheck would lay it on every script.
std::string harmless_shellcheckrc(std::string_view text);

}  // namespace patchmill::checks
