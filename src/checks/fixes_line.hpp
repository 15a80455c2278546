#pragma once
// One "Fixes:" tag taken apart, with the rules of the kernel's verify_fixes.

#include <string>
#include <string_view>
#include <vector>

namespace patchmill::checks {

struct FixesLine {
  std::string id;                     // hexadecimal digits as written; empty: none recognised
  std::string subject;                // without parentheses and quotes; empty: none, or only "..."
  std::vector<std::string> problems;  // sentences about the form of the tag
};

// `value`: what follows "Fixes:", trimmed. An id is "recognised" from five digits on.
FixesLine parse_fixes(std::string_view value);

enum class SubjectMatch { equal, beginning, different };
// Compares the subject of a tag with the one of the commit it names. "..." at the end, at the
// front or in the middle stands for what was left out, never for all. `beginning`: cut short
// without "...".
SubjectMatch match_subject(std::string_view written, std::string_view target);

}  // namespace patchmill::checks
