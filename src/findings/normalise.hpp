#pragma once
// What two reports of the same trouble have in common: the parts of a text that change from run
// to run, from line to line or from compiler to compiler are replaced by fixed words.

#include <string>
#include <string_view>

namespace patchmill::findings {

// Numbers that stand alone become N, hexadecimal addresses X, quotes of every kind ', absolute
// paths their last component, runs of white space one space. Linear; at most 2 KiB are looked at.
std::string normalise_message(std::string_view message);
// "./a/../b/c.c" and "../b/c.c" become "b/c.c".
std::string normalise_path(std::string_view path);
// Without what compilers append to clones of a function: .isra.N, .constprop.N, .part.N, .cold.
std::string normalise_function(std::string_view function);

}  // namespace patchmill::findings
