#pragma once
// Telling C code from comments and strings within the lines of a diff.

#include <string>
#include <string_view>

namespace patchmill::checks {

// Reads one side (old or new) of a hunk line by line. A hunk may begin inside a comment; that is
// taken back when a "*/" comes without its start.
class CodeLines {
 public:
  // The line with comments and the insides of strings and character constants blanked out.
  std::string code_of(std::string_view line);
  // Whether the text starts inside a block comment: the first comment mark in it is "*/", or its
  // lines look like the middle of a comment (" * …").
  static bool starts_in_comment(std::string_view text);
  explicit CodeLines(bool in_comment = false) : m_in_comment(in_comment) {}

 private:
  bool m_in_comment = false;
};

// Whether `word` stands in the text as a whole word, in any case.
bool has_word(std::string_view text, std::string_view word);
// How often `pattern` occurs, in any case; where it begins (or ends) with a letter, digit or '_'
// nothing of that kind may stand before (only before: "module_param" finds "module_param_cb").
std::size_t count_pattern(std::string_view text, std::string_view pattern);

}  // namespace patchmill::checks
